import type { AccountClaims } from "./account-claims.ts";

/** The sealed part of a session: nobody can read it without the cookie. */
export interface SessionSecrets {
  readonly claims: AccountClaims;
  /** MSAL's serialized token cache. */
  readonly tokenCache: string;
  /** Absent in seals of earlier versions, and when every answer granted what was asked for. */
  readonly grants?: Grants | undefined;
  /** The API whose scopes the sign-in asked for, unless it was the first. */
  readonly signedInFor?: string | undefined;
  /** Hash of the claims challenge that the sign-in answered. */
  readonly signedInWith?: string | undefined;
}

/** Scopes granted instead of those asked for. Keys are the scopes asked for, values the scopes granted, separated by spaces. */
export type Grants = Readonly<Record<string, string>>;

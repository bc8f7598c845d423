/** The ID-token claims that a session is known by. */
export interface AccountClaims {
  readonly homeAccountId: string;
  readonly name: string;
  readonly username: string;
  readonly tenantId: string;
  readonly objectId: string;
  /** For `logout_hint`: spares the person the account picker at sign-out. */
  readonly loginHint: string | null;
}

/** What is sealed: nothing here can be read without the cookie. */
export interface SessionSecrets {
  readonly claims: AccountClaims;
  /** MSAL's serialized token cache. */
  readonly tokenCache: string;
  /** Absent in what earlier versions have sealed, and where every answer brought what was asked for. */
  readonly grants?: Grants;
  /** The API whose scopes the sign-in asked for, where it was not the first. */
  readonly signedInFor?: string;
  /** Hash of the claims challenge that the sign-in answered. */
  readonly signedInWith?: string;
}

/** The scopes that the token endpoint granted, by those that it was asked for, where they are others; as texts with spaces. */
export type Grants = Readonly<Record<string, string>>;

import type { AccountClaims, KeptClaims } from "./account-claims.ts";

/** Who is signed in, and what they may do: from the ID token of the sign-in, and as old as that. */
export interface SessionClaims extends Omit<AccountClaims, keyof KeptClaims> {
  /** App roles that the person has. Empty without any. */
  readonly roles: readonly string[];
  /**
   * Object ids of the person's groups, where the app registration asks for the claim. Undefined if there are too many for a token:
   * ask Microsoft Graph then (`me/transitiveMemberOf`).
   */
  readonly groups: readonly string[] | undefined;
  /** The claims that the option `claims` names, as far as the token has them. */
  readonly further: Readonly<Record<string, unknown>>;
}

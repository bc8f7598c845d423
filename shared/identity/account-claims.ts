/** Claims of the ID token that say what a person may do. What is left out here was not in the token. */
export interface KeptClaims {
  readonly roles?: readonly string[];
  /** "too many" to be in the token, which then refers to Microsoft Graph. */
  readonly groups?: readonly string[] | "too many";
  readonly further?: Readonly<Record<string, unknown>>;
}

/** The claims of the ID token that a session keeps. */
export interface AccountClaims extends KeptClaims {
  readonly homeAccountId: string;
  readonly name: string;
  readonly username: string;
  readonly tenantId: string;
  readonly objectId: string;
  /** For `logout_hint`, which spares the person the account picker at sign-out. */
  readonly loginHint: string | null;
}

/** The claims of the ID token that a session keeps. */
export interface AccountClaims {
  readonly homeAccountId: string;
  readonly name: string;
  readonly username: string;
  readonly tenantId: string;
  readonly objectId: string;
  /** For `logout_hint`, which spares the person the account picker at sign-out. */
  readonly loginHint: string | null;
}

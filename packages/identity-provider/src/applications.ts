/** Claims that an app registration must request, as with Entra. */
export type OptionalClaim = "sid" | "login_hint" | "email";

/** An app registration. */
export interface RegisteredApp {
  readonly clientId: string;
  readonly clientSecret: string;
  /**
   * PEM of a certificate. If given, the app must prove possession of its key (`client_assertion`), and the secret is
   * refused.
   */
  readonly certificate?: string;
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  /** The registration's Logout URL. */
  readonly frontChannelLogoutUri?: string;
  /** Default: `sid` and `login_hint`. */
  readonly optionalClaims?: readonly OptionalClaim[];
}

/** The app registrations, which may grow while the provider runs. */
export interface Applications {
  register(app: RegisteredApp): void;
  find(clientId: string): RegisteredApp | undefined;
  all(): readonly RegisteredApp[];
  /** Whether tokens for this app carry the optional claim. */
  wants(clientId: string, claim: OptionalClaim): boolean;
}

const defaultOptionalClaims: readonly OptionalClaim[] = ["sid", "login_hint"];

export function createApplications(initial: readonly RegisteredApp[]): Applications {
  const apps = new Map(initial.map((app) => [app.clientId, app]));
  return {
    register: (app) => void apps.set(app.clientId, app),
    find: (clientId) => apps.get(clientId),
    all: () => [...apps.values()],
    wants: (clientId, claim) => (apps.get(clientId)?.optionalClaims ?? defaultOptionalClaims).includes(claim),
  };
}

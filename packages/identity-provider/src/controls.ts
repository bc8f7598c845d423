import type { OptionalClaim, RegisteredApp } from "./applications.ts";
import type { Fault } from "@entra-functions-bff/stand-in-kit/faults";
import type { Gate } from "@entra-functions-bff/stand-in-kit/gates";
import { accountId, type Person } from "./people.ts";
import type { Endpoint, RequestLog } from "./request-log.ts";
import type { MistakenAnswer, RequestTarget, Runtime, RuntimeSettings } from "./runtime.ts";
import { signTampered, type Tampering } from "./signing.ts";

/** Narrows a fault or a gate to some of an endpoint's requests. */
export type TargetOptions = Omit<RequestTarget, "endpoint">;

/** What an administrator does, or the person with a new password; disabling the account; letting 90 days pass. */
export type Revocation = "revoked" | "disabled" | "inactive";

/** Entra's error codes for them. */
const revocationCodes = { revoked: 50173, disabled: 50057, inactive: 700082 } as const satisfies Record<
  Revocation,
  number
>;

/** What tests do to a running provider; an app never sees this. */
export interface IdentityProviderControls extends RuntimeSettings {
  /** Lifetime of access tokens issued from now on; default 3600. */
  accessTokenLifetimeSeconds: number;
  /** False, as with Entra: old refresh tokens stay valid. True: each works once, and its second use is refused. */
  rotateRefreshTokens: boolean;
  /** Adds `iss` to front-channel logout calls; Entra sends only `sid`. */
  includeIssInFrontChannel: boolean;
  /** Whether authorization responses carry `session_state`; default true. */
  includeSessionState: boolean;
  /**
   * Whether discovery has `backchannel_logout_supported`; by default false, as with Entra. Nothing is sent in either
   * case.
   */
  announceBackChannelLogout: boolean;
  /** Whether the page that tells the apps of a sign-out waits for the person; default false, as with Entra. */
  holdSignOutPage: boolean;
  /** Names of scopes without consent: tokens come without them, as with Entra. */
  withheldScopes: readonly string[];
  /** APIs besides itself for which an app gets tokens of its own, with its app roles there: the tokens' `roles`. */
  applicationPermissions: Readonly<Record<string, readonly string[]>>;
  readonly people: readonly Person[];
  /** Lets one more person sign in. */
  addPerson(person: Person): void;
  readonly requests: RequestLog;
  /** Registers an app, or replaces the registration with the same client id. */
  registerApp(app: RegisteredApp): void;
  /** Changes which optional claims an app's ID tokens carry. Throws for an unknown app. */
  setOptionalClaims(clientId: string, claims: readonly OptionalClaim[]): void;
  /** Tampers with the next `times` ID tokens (default 1). */
  tamperWithNextIdToken(tampering: Tampering, times?: number): void;
  /** Answers the next token request with this person's tokens, or only with their `client_info`, whoever asks. */
  mistakeNextFor(person: Person, part?: MistakenAnswer["part"]): void;
  /** Refuses the refresh tokens issued so far, by default like "revoke sessions"; returns how many. */
  revokeRefreshTokens(person?: Person, why?: Revocation): number;
  /** Refuses renewals for this person with these claims until a sign-in requests the claims. */
  claimsChallenge(person: Person, claimsJson: string): void;
  /** Makes the next `times` matching requests fail (default 1). */
  failNext(endpoint: Endpoint, fault: Fault, times?: number, options?: TargetOptions): void;
  /** Forgets faults that have not struck yet. */
  clearFaults(): void;
  /** Holds matching requests until released. */
  gate(endpoint: Endpoint, options?: TargetOptions): Gate;
  /** Every access, refresh and ID token and authorization code handed out since the start. */
  issuedTokens(): readonly string[];
  /** Signs with a new key from now on; the old one stays published. */
  rotateSigningKey(): void;
  /**
   * A JWT with any claims, signed with the provider's key, for tokens that it does not send itself, such as a logout
   * token.
   */
  signToken(claims: Readonly<Record<string, unknown>>, tampering?: Tampering): Promise<string>;
}

export function createControls(runtime: Runtime): IdentityProviderControls {
  const actions: Omit<IdentityProviderControls, keyof RuntimeSettings> = {
    people: runtime.people,
    addPerson: (person) => {
      runtime.people.push(person);
      runtime.tenantIds.add(person.tid);
    },
    requests: runtime.log,
    registerApp: (app) => runtime.applications.register(app),
    setOptionalClaims: (clientId, optionalClaims) => {
      const app = runtime.applications.find(clientId);
      if (app === undefined) throw new Error(`No app is registered as ${clientId}`);
      runtime.applications.register({ ...app, optionalClaims });
    },
    tamperWithNextIdToken: (tampering, times = 1) =>
      void runtime.tampering.push(...Array.from({ length: times }, () => tampering)),
    mistakeNextFor: (person, part = "everything") => void runtime.mistaken.push({ person, part }),
    revokeRefreshTokens: (person, why = "revoked") => {
      const code = revocationCodes[why];
      return runtime.store.revokeRefreshTokens(code, person === undefined ? undefined : accountId(person));
    },
    claimsChallenge: (person, claimsJson) => void runtime.challenges.set(accountId(person), claimsJson),
    failNext: (endpoint, fault, times, options) => runtime.faults.failNext({ endpoint, ...options }, fault, times),
    clearFaults: () => runtime.faults.clear(),
    gate: (endpoint, options) => runtime.gates.close({ endpoint, ...options }),
    issuedTokens: () => [...runtime.issued],
    rotateSigningKey: () => runtime.keys.rotate(),
    signToken: async (claims, tampering = {}) => signTampered(runtime.keys, { ...claims }, tampering),
  };
  // Object.assign onto the settings themselves, because the settings' own members are the getters and setters of the
  // controls.
  return Object.assign(runtime.settings, actions);
}

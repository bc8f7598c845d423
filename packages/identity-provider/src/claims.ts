import { createHash, randomBytes } from "node:crypto";
import type { RegisteredApp, Applications } from "./applications.ts";
import { accessTokenValues, type ClaimsRequest } from "./claims-request.ts";
import type { Keys } from "./keys.ts";
import { accountId, type Person } from "./people.ts";
import { graphResource, type ResourceScopes } from "./resources.ts";
import { issuerOf, type Issuing } from "./tenants.ts";

/** What a token is about. */
export interface TokenSubject {
  readonly person: Person;
  readonly app: RegisteredApp;
  /** oidc-provider's stable id of the browser session the sign-in happened in. */
  readonly sessionUid: string;
  readonly claims?: ClaimsRequest | undefined;
  /** When the person signed in, in seconds since the epoch. */
  readonly authTime?: number | undefined;
}

/** Builds the claims of tokens like Entra's v2.0 endpoint. */
export interface ClaimsFactory {
  idToken(subject: TokenSubject, scopes: ReadonlySet<string>, nonce: string | undefined): Record<string, unknown>;
  accessToken(subject: TokenSubject, scopes: ResourceScopes, lifetimeSeconds: number): Record<string, unknown>;
}

const idTokenLifetimeSeconds = 3600;

export function createClaimsFactory(issuing: Issuing, keys: Keys, applications: Applications): ClaimsFactory {
  const common = ({ person, app }: TokenSubject, lifetimeSeconds: number) => ({
    iss: issuerOf(issuing, person.tid),
    ...lifetime(lifetimeSeconds),
    oid: person.oid,
    sub: pairwiseSubject(keys, person, app.clientId),
    tid: person.tid,
    uti: randomBytes(16).toString("base64url"),
    ver: "2.0",
  });
  return {
    idToken: (subject, scopes, nonce) => {
      const { oid, ...rest } = common(subject, idTokenLifetimeSeconds);
      const { person, app } = subject;
      const wants = (claim: "sid" | "login_hint" | "email") => applications.wants(app.clientId, claim);
      return {
        ...person.claims,
        aud: app.clientId,
        ...rest,
        ...(nonce === undefined ? {} : { nonce }),
        ...(scopes.has("profile") ? { oid, name: person.name, preferred_username: person.preferredUsername } : {}),
        ...((scopes.has("email") || wants("email")) && person.email !== undefined ? { email: person.email } : {}),
        ...(person.roles === undefined ? {} : { roles: person.roles }),
        ...groupsOf(person),
        ...(wants("sid") ? { sid: sessionId(subject.sessionUid) } : {}),
        ...(asksForAuthTime(subject.claims) && subject.authTime !== undefined ? { auth_time: subject.authTime } : {}),
        ...(wants("login_hint") ? { login_hint: loginHint(keys, person) } : {}),
      };
    },
    accessToken: (subject, { resource, names }, lifetimeSeconds) => ({
      aud: resource,
      ...common(subject, lifetimeSeconds),
      azp: subject.app.clientId,
      scp: names.join(" "),
      sid: sessionId(subject.sessionUid),
      name: subject.person.name,
      ...requestedAccessTokenClaims(subject.claims),
      ...(resource === graphResource ? profileForGraph(subject.person) : {}),
    }),
  };
}

/** Of too many groups a token only says where they are. */
function groupsOf({ groups, uid }: Person) {
  if (groups === undefined) return {};
  if (groups !== "too many") return { groups };
  const endpoint = `https://graph.microsoft.com/v1.0/users/${uid}/getMemberObjects`;
  return { _claim_names: { groups: "src1" }, _claim_sources: { src1: { endpoint } } };
}

/** As `max_age` does by itself (OpenID Connect Core 1.0, section 3.1.2.1). */
function asksForAuthTime(claims: ClaimsRequest | undefined): boolean {
  const idToken = claims?.["id_token"];
  return typeof idToken === "object" && idToken !== null && "auth_time" in idToken;
}

function lifetime(seconds: number) {
  const now = Math.floor(Date.now() / 1000);
  return { iat: now, nbf: now, exp: now + seconds };
}

/** The same for one person at one app, and different at every other app (OpenID Connect Core 1.0, section 8.1). */
export function pairwiseSubject(keys: Keys, person: Person, clientId: string): string {
  return keys.opaque("sub", accountId(person), clientId);
}

/** The `login_hint` claim: it names the person to this provider and reveals nothing to anybody else. */
export function loginHint(keys: Keys, person: Person): string {
  return `O.${keys.opaque("login_hint", accountId(person))}`;
}

/**
 * The `sid` of a browser session: one value, shaped like a GUID, for all apps signed in under it. It is derived, so
 * that `sid`, `session_state` and the front-channel call cannot disagree.
 */
export function sessionId(sessionUid: string): string {
  const hex = createHash("sha256").update(sessionUid).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** `client_info` (base64url JSON), from which MSAL builds the home account id. */
export function clientInfo({ uid, utid }: Person): string {
  return Buffer.from(JSON.stringify({ uid, utid })).toString("base64url");
}

/** `acrs` after a step-up, and `xms_cc` when the app declared that it can handle claims challenges. */
function requestedAccessTokenClaims(claims: ClaimsRequest | undefined) {
  const acrs = accessTokenValues(claims, "acrs");
  const capabilities = accessTokenValues(claims, "xms_cc");
  return {
    ...(acrs.length > 0 ? { acrs } : {}),
    ...(capabilities.length > 0 ? { xms_cc: capabilities } : {}),
  };
}

/** What Graph would find in its directory. The local API has no directory, so its tokens contain it. */
function profileForGraph({ givenName, surname, preferredUsername, email, tid, utid }: Person) {
  return {
    given_name: givenName,
    family_name: surname,
    upn: preferredUsername,
    ...(email === undefined ? {} : { email }),
    ...(tid === utid ? {} : { idp: `https://sts.windows.net/${utid}/` }),
  };
}

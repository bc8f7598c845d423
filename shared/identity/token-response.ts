import type { Grants, SessionSecrets } from "./session-secrets.ts";
import { asciiLowerCase, isRecord } from "../core/encoding.ts";
import type { IdTokenClaims } from "./id-token.ts";

/**
 * A token response (RFC 6749 section 5.1), with an ID token and with `client_info`, which Entra adds. MSAL believes
 * `client_info`, and files the tokens under that account. Neither `client_info` nor the ID token of a renewal is verified by a
 * signature: they come from the token endpoint over TLS (OpenID Connect Core 1.0 section 3.1.3.7).
 */
type TokenResponse = Readonly<Record<string, unknown>>;

/** MSAL's `homeAccountId` for a response: from `client_info` or, if the identity provider does not send it, the subject. */
function homeAccountIdOf(response: TokenResponse): string | undefined {
  const { client_info: info, id_token: idToken } = response;
  if (info === undefined) return textOf(claimsOf(idToken)?.["sub"]);
  const parts = decoded(info);
  const [uid, utid] = [textOf(parts?.["uid"]), textOf(parts?.["utid"])];
  return uid === undefined || utid === undefined ? undefined : `${uid}.${utid}`;
}

/**
 * Whether a renewal's response is about the account that the session was opened for. It must have the same `client_info` and,
 * if it has an ID token, the same tenant, object, issuer, subject and audience (OpenID Connect Core 1.0 section 12.2).
 */
export function isOfSession(response: unknown, { claims, tokenCache }: SessionSecrets): boolean {
  if (!isRecord(response) || homeAccountIdOf(response) !== claims.homeAccountId) return false;
  if (response["id_token"] === undefined) return true;
  const renewed = claimsOf(response["id_token"]);
  if (!renewed) return false;
  const { tenantId: tid, objectId: oid } = claims;
  if (!agree(renewed, { tid, oid })) return false;
  const earlier = idTokensOf(tokenCache, claims.homeAccountId);
  return earlier.length === 0 || earlier.some(({ iss, sub, aud }) => agree(renewed, { iss, sub, aud }));
}

/**
 * Whether a sign-in's response files the tokens under the account that its verified ID token is about. In its home tenant, an
 * account has one object id, so `client_info` must repeat that of the token. For a guest, `client_info` names the account in
 * its home tenant, which no claim of the token tells. Then only a contradiction shows: one of the two ids is the same, but not
 * the other.
 */
export function isAbout(response: unknown, homeAccountId: string, verified: IdTokenClaims): boolean {
  if (!isRecord(response) || homeAccountIdOf(response) !== homeAccountId) return false;
  if (response["client_info"] === undefined) return homeAccountId === verified.subject;
  const { uid, utid } = decoded(response["client_info"]) ?? {};
  return isSame(utid, verified.tenantId) === isSame(uid, verified.objectId);
}

/** Compares GUIDs, in upper or lower case. */
function isSame(one: unknown, other: string): boolean {
  return typeof one === "string" && asciiLowerCase(one) === asciiLowerCase(other);
}

/** Whether the two tokens agree. A claim that one of them lacks says nothing. */
function agree(renewed: TokenResponse, known: TokenResponse): boolean {
  return Object.entries(known).every(([claim, value]) => {
    const other = renewed[claim];
    return value === undefined || other === undefined || JSON.stringify(value) === JSON.stringify(other);
  });
}

/** Claims of the account's ID tokens in a serialized MSAL cache. */
function idTokensOf(tokenCache: string, homeAccountId: string): readonly TokenResponse[] {
  const cache: unknown = JSON.parse(tokenCache);
  const entries = isRecord(cache) && isRecord(cache["IdToken"]) ? Object.values(cache["IdToken"]) : [];
  return entries.flatMap((entry) => {
    const claims = isRecord(entry) && entry["home_account_id"] === homeAccountId && claimsOf(entry["secret"]);
    return claims ? [claims] : [];
  });
}

function claimsOf(token: unknown): TokenResponse | undefined {
  return typeof token === "string" ? decoded(token.split(".")[1]) : undefined;
}

/** The JSON object in a base64url text. */
function decoded(text: unknown): TokenResponse | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Identity providers list these besides the scopes of an API, or leave them out. */
const openIdScopes = new Set(["openid", "profile", "email", "offline_access"]);

/** The key of {@link Grants}: the scopes that were asked for, in whatever order and case. */
function keyOf(asked: readonly string[]): string {
  return partsOf(asked.join(" ")).toSorted().join(" ");
}

function partsOf(scopes: string): string[] {
  return scopes.toLowerCase().split(/\s+/).filter(Boolean);
}

/** The scopes that were granted when `asked` was asked for, if they differ. */
export function grantedInstead({ grants }: SessionSecrets, asked: readonly string[]): readonly string[] | undefined {
  const granted: unknown = grants?.[keyOf(asked)];
  return typeof granted === "string" && granted !== "" ? granted.split(" ") : undefined;
}

/**
 * `grants` with what the token endpoint has granted now: the `scope` of its answer (RFC 6749 section 5.1), which it may leave
 * out if that is what was asked for. Otherwise, fewer scopes, or the same ones in another spelling, would look like no token at
 * all, and every call would cost a token request.
 */
export function withGrant(grants: Grants | undefined, asked: readonly string[], granted: unknown): Grants | undefined {
  const key = keyOf(asked);
  const { [key]: _replaced, ...others } = grants ?? {};
  const came = typeof granted === "string" ? partsOf(granted) : [];
  const ofApi = came.filter((scope) => !openIdScopes.has(scope));
  const isAsAsked = ofApi.length === 0 || partsOf(key).every((scope) => came.includes(scope));
  const all = isAsAsked ? others : { ...others, [key]: ofApi.join(" ") };
  return Object.keys(all).length > 0 ? all : undefined;
}

/** The scopes of `asked` that were not granted. A scope may be written with its resource or without. */
export function missingScopes(asked: readonly string[], granted: unknown): readonly string[] {
  if (typeof granted !== "string") return [];
  const came = new Set(partsOf(granted).map(nameOf));
  const isOwed = (scope: string) => !openIdScopes.has(nameOf(scope)) && nameOf(scope) !== ".default";
  return asked.filter((scope) => isOwed(scope) && !came.has(nameOf(scope)));
}

/** `https://graph.microsoft.com/User.Read` and `User.Read` are one scope of the one resource that a token is for. */
function nameOf(scope: string): string {
  return scope.toLowerCase().slice(scope.lastIndexOf("/") + 1);
}

import {
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWK,
  type JWTVerifyGetKey,
} from "jose";
import { isRecord } from "../core/encoding.ts";

/**
 * The keys of a set that may sign for the issuer which a token names. Microsoft Entra publishes with each key whose tokens it
 * signs (`issuer`, a template for work and school accounts, one tenant for personal ones): the key for personal accounts signs
 * for nobody else. A set that says so for some of its keys says so for all. Identity providers that do not know the member
 * leave it out everywhere; then every key serves.
 */
export function keysOfIssuer({ keys }: JSONWebKeySet, { iss, tid }: NamedIssuer): JSONWebKeySet {
  if (!keys.some((key) => issuerOf(key) !== undefined)) return { keys };
  return { keys: keys.filter((key) => typeof iss === "string" && signsFor(issuerOf(key), iss, tid)) };
}

/** What a token says before it is verified. A wrong claim only chooses a key that does not verify the token. */
export interface NamedIssuer {
  readonly iss?: unknown;
  readonly tid?: unknown;
}

/** As {@link keysOfIssuer}, for jose: picks the key for the token's header and issuer. */
export function keyFinder(set: JSONWebKeySet): JWTVerifyGetKey {
  return async (header, token) => createLocalJWKSet(keysOfIssuer(set, namedIssuer(token)))(header, token);
}

function issuerOf(key: JWK): unknown {
  return (key as { readonly issuer?: unknown }).issuer;
}

function signsFor(keyIssuer: unknown, iss: string, tid: unknown): boolean {
  if (typeof keyIssuer !== "string") return false;
  if (!keyIssuer.includes(tenantTemplate)) return keyIssuer === iss;
  return typeof tid === "string" && fillTenant(keyIssuer, tid) === iss;
}

/** Stands for the token's tenant in the metadata and in the key set of a multi-tenant authority. */
export const tenantTemplate = "{tenantid}";

export function fillTenant(template: string, tid: string): string {
  // As a function: in a text, "$&" and the like would be replaced in their turn.
  return template.replace(tenantTemplate, () => tid);
}

function namedIssuer({ payload }: FlattenedJWSInput): NamedIssuer {
  if (typeof payload !== "string") throw new errors.JWSInvalid("The payload is no text");
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return isRecord(claims) ? claims : {};
  } catch {
    return {};
  }
}

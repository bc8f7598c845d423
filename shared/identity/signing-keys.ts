import { setTimeout as delay } from "node:timers/promises";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  jwtVerify,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWK,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
} from "jose";
import { isRecord } from "../core/encoding.ts";
import { sendUnlessPaused } from "./pause.ts";

/** Keys by `jwks_uri`, each set kept and refreshed by jose. */
export type SigningKeys = (jwksUri: string) => JWTVerifyGetKey;

/**
 * The pause between two readings of a key set. Anybody can send tokens with made-up key ids, but they cause the identity
 * provider no more than one request every two seconds.
 */
const keysPauseMs = 2_000;
/** Timers may run a little early. */
const marginMs = 20;

export function signingKeys(pauseMs = keysPauseMs): SigningKeys {
  let current: { uri: string; keys: JWTVerifyGetKey } | undefined;
  return (uri) => {
    if (current?.uri !== uri) current = { uri, keys: remoteKeys(new URL(uri), pauseMs) };
    return current.keys;
  };
}

/**
 * A key that the set does not hold may be new. Refusing its token could lose a sign-out, because not every identity provider
 * sends a logout token again. So a token is refused only if its key is not in a set that was read after the token came, which
 * may take as long as the pause. Tokens that wait together share one reading.
 */
function remoteKeys(uri: URL, pauseMs: number): JWTVerifyGetKey {
  const sendDocument = sendUnlessPaused();
  const keys = createRemoteJWKSet(uri, {
    timeoutDuration: 4_000,
    cooldownDuration: pauseMs,
    [customFetch]: async (url, init) => sendDocument(async () => fetch(url, init)),
  });
  const find: JWTVerifyGetKey = async (header, token) => {
    // If so, jose does not read the keys again for this token.
    const wasJustRead = keys.coolingDown;
    try {
      return await keys(header, token);
    } catch (error) {
      if (!wasJustRead || !(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await delay(pauseMs + marginMs);
      return keys(header, token);
    }
  };
  return async (header, token) => {
    try {
      await find(header, token);
    } catch (error) {
      // The identity provider signs with some key, so an empty set says nothing about the token.
      if (keys.jwks()?.keys.length === 0) throw new Error("The key set is empty", { cause: error });
      // Keys of different issuers may share an id.
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    }
    return keyFinder(keys.jwks() ?? { keys: [] })(header, token);
  };
}

/**
 * The keys of a set that may sign for the issuer that a token names. Microsoft Entra publishes with each key whose tokens it
 * signs (`issuer`: a template for work and school accounts, one tenant for personal ones), so the key for personal accounts
 * signs for nobody else. If some keys of a set have an `issuer`, a key without one signs for nobody. Identity providers that do
 * not know the member leave it out everywhere; then every key may sign.
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

/** Like {@link keysOfIssuer}, for jose: picks the key for the token's header and issuer. */
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
  // A function, because `replace` gives "$&" and the like in a string a meaning of their own.
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

/** Like `jwtVerify`, but tries every key that fits: an identity provider may reuse a key's id. */
export async function verifyWithAny(
  token: string,
  keys: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keys, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return await jwtVerify(token, key, options);
      } catch (wrongKey) {
        if (!(wrongKey instanceof errors.JWSSignatureVerificationFailed)) throw wrongKey;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

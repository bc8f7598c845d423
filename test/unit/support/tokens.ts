import {
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JSONWebKeySet,
  type JWTPayload,
} from "jose";
import type { SigningKeys } from "../../../shared/identity/signing-keys.ts";
import { metadata } from "./app.ts";
import { clientId, tenantId } from "./environment.ts";

export const nonce = "nonce-of-the-transaction";

/** The identity provider's key pair. */
export const own = await generateKeyPair("RS256", { extractable: true });

export const publicJwk = { ...(await exportJWK(own.publicKey)), kid: "own", alg: "RS256", use: "sig" };
export const jwks: JSONWebKeySet = { keys: [publicJwk] };
export const keys: SigningKeys = () => createLocalJWKSet(jwks);

export const now = (): number => Math.floor(Date.now() / 1000);

/** Claims of a token, right or wrong. */
export type Claims = Readonly<Record<string, unknown>>;

/** What an ID token for this app says, with some of it changed; undefined takes a claim away. */
export function idTokenClaims(changes: Claims = {}): JWTPayload {
  const claims: Claims = {
    iss: metadata.issuer,
    aud: clientId,
    sub: "subject-1",
    oid: "object-1",
    tid: tenantId,
    nonce,
    iat: now(),
    nbf: now(),
    exp: now() + 3_600,
    name: "Ada",
    preferred_username: "ada@example.org",
    ...changes,
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

export async function signed(
  claims: JWTPayload,
  { key = own.privateKey, header = {} }: { key?: CryptoKey; header?: object } = {},
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "own", typ: "JWT", ...header }).sign(key);
}

/** Three parts that nobody signed. */
export function unsigned(header: object, claims: JWTPayload, signature = ""): string {
  return [part(header), part(claims), signature].join(".");
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A token that says the same, signed with a key that the identity provider never had. */
export async function forged(claims: JWTPayload, header: object = {}): Promise<string> {
  const { privateKey } = await (strange ??= generateKeyPair("RS256"));
  return signed(claims, { key: privateKey, header });
}

let strange: ReturnType<typeof generateKeyPair> | undefined;

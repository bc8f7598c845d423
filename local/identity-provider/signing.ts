import { importJWK, SignJWT, type JWTPayload } from "jose";
import { newSigningKey, type Keys } from "./keys.ts";

/** How a token is to be wrong. */
export interface Tampering {
  /** Claims to replace; `undefined` removes one. A function gets the right claims and returns the wrong ones. */
  readonly claims?:
    { readonly [name: string]: unknown } | ((claims: Record<string, unknown>) => Record<string, unknown>);
  /** Header fields to replace, for example `kid`. */
  readonly header?: { readonly [name: string]: unknown };
  /**
   * `none`: an unsigned token; `foreign-key`: signed by a key that is not published, under the right `kid`;
   * `corrupt`: some bits of the signature flipped.
   */
  readonly signature?: "none" | "foreign-key" | "corrupt";
}

/** Signs a token with the provider's current key: RS256, `kid`, `typ: JWT`. */
export async function signToken(keys: Keys, claims: Record<string, unknown>): Promise<string> {
  const key = keys.signingKey();
  return sign(claims, { kid: key.kid }, key);
}

/** The same, but wrong in the way asked for. */
export async function signTampered(keys: Keys, claims: Record<string, unknown>, tampering: Tampering): Promise<string> {
  const { kid } = keys.signingKey();
  const wrong = tamperedClaims(claims, tampering.claims);
  if (tampering.signature === "none") return unsigned(wrong, { kid, ...tampering.header });
  const key = tampering.signature === "foreign-key" ? newSigningKey() : keys.signingKey();
  const token = await sign(wrong, { kid, ...tampering.header }, key);
  return tampering.signature === "corrupt" ? corrupt(token) : token;
}

async function sign(claims: Record<string, unknown>, header: object, key: Parameters<typeof importJWK>[0]) {
  return new SignJWT(claims satisfies JWTPayload)
    .setProtectedHeader({ typ: "JWT", alg: "RS256", ...header })
    .sign(await importJWK(key, "RS256"));
}

function tamperedClaims(claims: Record<string, unknown>, change: Tampering["claims"]): Record<string, unknown> {
  if (typeof change === "function") return change(claims);
  // JSON leaves undefined members out.
  return JSON.parse(JSON.stringify({ ...claims, ...change })) as Record<string, unknown>;
}

function unsigned(claims: Record<string, unknown>, header: object): string {
  return `${encodePart({ typ: "JWT", ...header, alg: "none" })}.${encodePart(claims)}.`;
}

function encodePart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function corrupt(token: string): string {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  bytes[0] = (bytes[0] ?? 0) ^ 0xff;
  return [header, payload, bytes.toString("base64url")].join(".");
}

import { importJWK, SignJWT, type JWTPayload } from "jose";
import { newSigningKey, type Keys, type SigningKey } from "./keys.ts";
import { personalTenantId } from "./people.ts";

/** How to tamper with a token. */
export interface Tampering {
  /** Claims to replace; `undefined` removes one. A function gets the right claims and returns the wrong ones. */
  readonly claims?:
    { readonly [name: string]: unknown } | ((claims: Record<string, unknown>) => Record<string, unknown>);
  /** Header fields to replace, for example `kid`. */
  readonly header?: { readonly [name: string]: unknown };
  /**
   * - `none`: an unsigned token
   * - `foreign-key`: signed with a key that is not published, under the right `kid`
   * - `personal-key`, `work-key`: signed with the published key for personal accounts, or with the one for all others,
   *   whoever the token is about
   * - `corrupt`: some bits of the signature are flipped
   */
  readonly signature?: "none" | "foreign-key" | "personal-key" | "work-key" | "corrupt";
}

/** Signs a token with the provider's current key for its tenant: RS256, `kid`, `typ: JWT`. */
export async function signToken(keys: Keys, claims: Record<string, unknown>): Promise<string> {
  const key = keyFor(keys, claims);
  return sign(claims, { kid: key.kid }, key);
}

function keyFor(keys: Keys, { tid }: Record<string, unknown>): SigningKey {
  return tid === personalTenantId ? keys.personalKey() : keys.signingKey();
}

/** The same, but with the given fault. */
export async function signTampered(keys: Keys, claims: Record<string, unknown>, tampering: Tampering): Promise<string> {
  const published = publishedKey(keys, claims, tampering);
  const { kid } = published;
  const wrong = tamperedClaims(claims, tampering.claims);
  if (tampering.signature === "none") return unsigned(wrong, { kid, ...tampering.header });
  const key = tampering.signature === "foreign-key" ? newSigningKey() : published;
  const token = await sign(wrong, { kid, ...tampering.header }, key);
  return tampering.signature === "corrupt" ? corrupt(token) : token;
}

function publishedKey(keys: Keys, claims: Record<string, unknown>, { signature }: Tampering): SigningKey {
  if (signature === "personal-key") return keys.personalKey();
  return signature === "work-key" ? keys.signingKey() : keyFor(keys, claims);
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

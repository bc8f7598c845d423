import { createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { CompactEncrypt } from "jose";
import { isRecord } from "../encoding.ts";

/** The ID-token claims that a session is known by. */
export interface AccountClaims {
  readonly homeAccountId: string;
  readonly name: string;
  readonly username: string;
  readonly tenantId: string;
  readonly objectId: string;
  /** For `logout_hint`: spares the person the account picker at sign-out. */
  readonly loginHint: string | null;
}

/** What is sealed: nothing here can be read without the cookie. */
export interface SessionSecrets {
  readonly claims: AccountClaims;
  /** MSAL's serialized token cache. */
  readonly tokenCache: string;
}

export interface SealBinding {
  readonly accountKey: string;
  readonly sessionKey: string;
  /** The secret of the session cookie, base64url. */
  readonly secret: string;
}

const header = { alg: "dir", enc: "A256GCM" } as const;
const ivBytes = 12;
const tagBytes = 16;
const encodedHeader = Buffer.from(JSON.stringify(header)).toString("base64url");
/**
 * Key for one session's seal (RFC 5869). Account and session are part of the derivation: a seal copied into another
 * document, or to another session of the same document, does not open.
 */
function keyOf({ accountKey, sessionKey, secret }: SealBinding): KeyObject {
  const info = `entra-functions-bff session seal v1\n${accountKey}\n${sessionKey}`;
  // As key objects: Node takes longer to tell what bytes are than to use them.
  const input = createSecretKey(secret, "base64url");
  return createSecretKey(new Uint8Array(hkdfSync("sha256", input, "", info, 32)));
}

/** Encrypts a session's secrets as compact JWE (RFC 7516; `dir`, A256GCM). */
export async function seal(secrets: SessionSecrets, binding: SealBinding): Promise<string> {
  const plaintext = new TextEncoder().encode(JSON.stringify(secrets));
  return new CompactEncrypt(plaintext).setProtectedHeader(header).encrypt(keyOf(binding));
}

/**
 * Opens a seal. Undefined if it does not open: a seal that is not this cookie's is a missing session. Done here and not
 * by `jose`: a seal is opened on most requests, it has one form only, and Web Crypto takes four times the CPU for it.
 */
export async function unseal(sealed: string, binding: SealBinding): Promise<SessionSecrets | undefined> {
  const plaintext = decrypt(sealed, keyOf(binding));
  if (plaintext === undefined) return undefined;
  try {
    const secrets: unknown = JSON.parse(plaintext);
    return isSessionSecrets(secrets) ? secrets : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 7516 section 5.2 for the one header that {@link seal} writes; its key is used directly, so there is none inside. */
function decrypt(sealed: string, key: KeyObject): string | undefined {
  const [sealedHeader, encryptedKey, ...parts] = sealed.split(".");
  const [iv, ciphertext, tag, ...more] = parts.map(decodeBase64Url);
  if (sealedHeader !== encodedHeader || encryptedKey !== "" || more.length > 0) return undefined;
  if (!ciphertext || iv?.length !== ivBytes || tag?.length !== tagBytes) return undefined;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(sealedHeader)).setAuthTag(tag);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString("utf8");
  } catch {
    return undefined;
  }
}

/** Undefined if characters had to be skipped. */
function decodeBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return text.length % 4 !== 1 && bytes.length === Math.floor((text.length * 3) / 4) ? bytes : undefined;
}

function isSessionSecrets(value: unknown): value is SessionSecrets {
  return isRecord(value) && isRecord(value["claims"]) && typeof value["tokenCache"] === "string";
}

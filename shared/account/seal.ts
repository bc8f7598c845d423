import { createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { compactDecrypt, CompactEncrypt, errors } from "jose";
import { isRecord } from "../core/encoding.ts";
import type { SessionSecrets } from "../identity/session-secrets.ts";

/** What a seal is bound to. It opens only with the same three. */
export interface SealBinding {
  readonly accountKey: string;
  readonly sessionKey: string;
  /** The secret of the session cookie, base64url. */
  readonly secret: string;
}

/**
 * Derives the key of one session's seal (HKDF, RFC 5869). Account and session are part of the derivation: a seal that is copied
 * into another document, or to another session of the same document, does not open.
 */
function keyOf({ accountKey, sessionKey, secret }: SealBinding): KeyObject {
  const info = `entra-functions-bff session seal v1\n${accountKey}\n${sessionKey}`;
  // Node handles key objects faster than bytes, whose type it checks first.
  const input = createSecretKey(secret, "base64url");
  return createSecretKey(new Uint8Array(hkdfSync("sha256", input, "", info, 32)));
}

/** Seals a session's secrets: encrypts them as a compact JWE (RFC 7516; `dir`, A256GCM). */
export async function seal(secrets: SessionSecrets, binding: SealBinding): Promise<string> {
  const plaintext = new TextEncoder().encode(JSON.stringify(secrets));
  return new CompactEncrypt(plaintext).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(keyOf(binding));
}

/** Opens a seal. Undefined if it does not open: to this cookie, the session is then missing. */
export async function unseal(sealed: string, binding: SealBinding): Promise<SessionSecrets | undefined> {
  try {
    const { plaintext } = await compactDecrypt(sealed, keyOf(binding), {
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: ["A256GCM"],
    });
    const secrets: unknown = JSON.parse(new TextDecoder().decode(plaintext));
    return isSessionSecrets(secrets) ? secrets : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isSessionSecrets(value: unknown): value is SessionSecrets {
  return isRecord(value) && isRecord(value["claims"]) && typeof value["tokenCache"] === "string";
}

import { createHash, randomBytes } from "node:crypto";

/** base64url(SHA-256(parts)), with a separator that no part contains, so that two lists never hash alike by accident. */
export function sha256Base64Url(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  parts.forEach((part, index) => {
    if (index > 0) hash.update("\n");
    hash.update(part);
  });
  return hash.digest("base64url");
}

/** `bytes` random bytes as base64url text. */
export function randomBase64Url(bytes = 32): string {
  return randomBytes(bytes).toString("base64url");
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Lower case of A to Z alone. `toLowerCase()` makes letters of ASCII out of others, such as `k` out of the Kelvin sign. */
export function asciiLowerCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

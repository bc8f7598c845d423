import { hash, randomBytes } from "node:crypto";

/** SHA-256 of `parts`, as base64url. A line feed separates them, so that ("a", "bc") and ("ab", "c") hash differently. */
export function sha256Base64Url(...parts: readonly (string | Uint8Array)[]): string {
  const [first = ""] = parts;
  return hash("sha256", parts.length === 1 ? first : joined(parts), "base64url");
}

function joined(parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(parts.flatMap((part, index) => [Buffer.from(index === 0 ? "" : "\n"), Buffer.from(part)]));
}

/** `bytes` random bytes as base64url text. */
export function randomBase64Url(bytes = 32): string {
  return randomBytes(bytes).toString("base64url");
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Lowercases A to Z only. `toLowerCase()` also makes ASCII letters of other characters, such as `k` of the Kelvin sign. */
export function asciiLowerCase(text: string): string {
  return /[A-Z]/.test(text) ? text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()) : text;
}

import { isUtf8 } from "node:buffer";

/** What to do with the two sequences that mean different things in a path and in a query. */
export interface DecodeOptions {
  /** Leave `%2F` as it is, so that a slash inside a segment does not become a separator. */
  readonly keepSlash: boolean;
}

/**
 * Decodes percent-encoded UTF-8. An invalid sequence (`%zz`, `%ff`, overlong or truncated) stays as it is, where
 * `decodeURIComponent` would throw.
 */
export function decodePercent(text: string, { keepSlash }: DecodeOptions): string {
  if (!text.includes("%")) return text;
  return text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) => decodeRun(run, keepSlash));
}

function decodeRun(run: string, keepSlash: boolean): string {
  const bytes = Buffer.from(run.replaceAll("%", ""), "hex");
  let decoded = "";
  for (let index = 0; index < bytes.length;) {
    const length = sequenceLength(bytes[index] ?? 0);
    const sequence = bytes.subarray(index, index + length);
    const isKeptSlash = keepSlash && sequence[0] === 0x2f;
    if (length > 0 && sequence.length === length && !isKeptSlash && isUtf8(sequence)) {
      decoded += sequence.toString("utf8");
      index += length;
    } else {
      decoded += run.slice(index * 3, index * 3 + 3);
      index += 1;
    }
  }
  return decoded;
}

// How many bytes a UTF-8 sequence with this first byte has; 0 if no sequence begins with it (RFC 3629 section 3).
function sequenceLength(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/** Percent-encodes everything but RFC 3986 unreserved characters. */
export function encodePercent(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

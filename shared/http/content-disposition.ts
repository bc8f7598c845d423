import { isPrintable, textOf } from "./field-values.ts";

/** `filename=` with a token or a quoted string (RFC 6266 section 4.1). `filename*=` is another parameter. */
const fileName = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))/i;
const extendedFileName = /;\s*filename\*\s*=/i;

/**
 * Makes a `Content-Disposition` ASCII. A file name that is not ASCII goes into `filename*`, which all browsers prefer (RFC 6266
 * section 4.3, RFC 8187). Old programs read `filename`, in which `_` stands for each other character.
 * @param value as Node reads it: one character for each byte
 */
export function asciiContentDisposition(value: string): string {
  if (isPrintable(value)) return value;
  const text = textOf(value);
  const [, quoted, token] = fileName.exec(text) ?? [];
  const name = quoted?.replaceAll(/\\(.)/g, "$1") ?? token?.trim() ?? "";
  const ascii = text.replaceAll(/[^\t\x20-\x7e]/gu, "_");
  return isPrintable(name) || extendedFileName.test(text) ? ascii : `${ascii}; filename*=UTF-8''${extendedValue(name)}`;
}

/** Encodes `value-chars` (RFC 8187 section 3.2.1). `encodeURIComponent` leaves some characters that are not allowed there. */
function extendedValue(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(/['()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

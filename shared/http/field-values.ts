import { asciiLowerCase } from "../core/encoding.ts";

/** What a field value can safely hold: the Functions host answers 500 instead of sending anything else. */
const printable = /^[\t\x20-\x7e]*$/;

/** Whether a field's value is printable ASCII. */
export function isPrintable(value: string): boolean {
  return printable.test(value);
}

/**
 * Prepares a value for Node, which writes one byte for each character, so that the receiver gets UTF-8. The Functions host and
 * most servers read fields as UTF-8; RFC 9110 section 5.5 leaves it open.
 */
export function inUtf8Bytes(value: string): string {
  return isPrintable(value) ? value : Buffer.from(value, "utf8").toString("latin1");
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Decodes a value as Node reads it, one character for each byte: as UTF-8 if it is valid, otherwise as Latin-1. */
export function textOf(value: string): string {
  if (isPrintable(value)) return value;
  try {
    return utf8.decode(Buffer.from(value, "latin1"));
  } catch {
    return value;
  }
}

/** The media type of a `Content-Type`, in lower case and without parameters (RFC 9110 section 8.3.1). */
export function mediaTypeOf(contentType: string | null): string {
  const [name = ""] = (contentType ?? "").split(";", 1);
  return tidy(name);
}

/**
 * Whether an `Accept` header, or one like it, lists `name` itself and does not refuse it with `q=0` (RFC 9110 section
 * 12.4.2). Wildcards do not count: every program sends them.
 */
export function lists(header: string | null, name: string): boolean {
  return (header ?? "").split(",").some((entry) => {
    const parts = partsOf(entry);
    return parts.name === name && !parts.parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** Whether an `If-None-Match` header names the entity tag, compared weakly (RFC 9110 section 13.1.2). */
export function hasEntityTag(header: string | null, etag: string): boolean {
  const tags: readonly string[] = (header ?? "").match(/\*|"[^"]*"/g) ?? [];
  return tags.includes(etag) || tags.includes("*");
}

function partsOf(entry: string): { name: string; parameters: readonly string[] } {
  const [name = "", ...parameters] = entry.split(";").map(tidy);
  return { name, parameters };
}

function tidy(part: string): string {
  return asciiLowerCase(part.replaceAll(/^[ \t]+|[ \t]+$/g, ""));
}

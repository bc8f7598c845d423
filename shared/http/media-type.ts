import { asciiLowerCase } from "../core/encoding.ts";

/** What a `Content-Type` says, without its parameters and in lower case (RFC 9110 section 8.3.1). */
export function mediaTypeOf(contentType: string | null): string {
  return partsOf(contentType ?? "").name;
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

function partsOf(entry: string): { name: string; parameters: readonly string[] } {
  const [name = "", ...parameters] = entry
    .split(";")
    .map((part) => asciiLowerCase(part.replaceAll(/^[ \t]+|[ \t]+$/g, "")));
  return { name, parameters };
}

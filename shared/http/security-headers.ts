import type { HttpResponseInit } from "@azure/functions";

/** For answers that are not pages: if a browser shows one as a document, that can do nothing. */
const inertPolicy = "default-src 'none'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'; sandbox";

/** Who may keep an answer, read it, and take it for something else. */
const ofEveryAnswer = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** What a document may do, who may frame it, and what its links and windows tell. */
const ofDocuments = {
  ...ofEveryAnswer,
  "content-security-policy": inertPolicy,
  "x-frame-options": "DENY",
  // Not "no-referrer": browsers would then send "Origin: null" with the app's own forms.
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
} as const;

/**
 * Adds to an answer's headers every security header that its function has not set. JSON does not get those of documents: a browser
 * shows it as text, which does nothing. Most answers are JSON from APIs, and each header takes its time.
 * @throws {TypeError} for a value that is not printable ASCII: the host could not send it, and would answer with an empty 500
 */
export function withDefaults(headers: HttpResponseInit["headers"], publicBaseUrl: string): Record<string, string> {
  const given = plainFields(headers);
  const merged: Record<string, string> = { ...(isJson(given) ? ofEveryAnswer : ofDocuments), ...given };
  if (publicBaseUrl.startsWith("https:")) merged["strict-transport-security"] = "max-age=31536000";
  // If others may frame the answer, only the policy can name them: the older header knows just "nobody" and "the app itself".
  if (merged["content-security-policy"]?.includes("frame-ancestors 'none'") === false) delete merged["x-frame-options"];
  for (const [name, value] of Object.entries(merged)) {
    if (!/^[\t\x20-\x7e]*$/.test(value)) throw new TypeError(`The header ${name} is not printable ASCII`);
  }
  return merged;
}

/** Not with a comma: of several types, a browser takes the last one (Fetch section 2.2.2). */
function isJson({ "content-type": type = "" }: Readonly<Record<string, string>>): boolean {
  return /^application\/json(?:;[^,]*)?$/i.test(type);
}

/** The fields by their names in lower case. `Headers` takes longer than everything else here. */
function plainFields(headers: HttpResponseInit["headers"] = {}): Readonly<Record<string, string>> {
  return isPlain(headers) ? headers : Object.fromEntries(new Headers(headers));
}

function isPlain(headers: NonNullable<HttpResponseInit["headers"]>): headers is Record<string, string> {
  if (Object.getPrototypeOf(headers) !== Object.prototype) return false;
  return Object.entries(headers).every(([name, value]) => typeof value === "string" && /^[a-z0-9-]+$/.test(name));
}

/** The origins of URLs, for use in a policy. A URL without an origin is left out. */
export function originsOf(...urls: readonly (string | undefined)[]): string[] {
  const origins = urls.flatMap((url) => URL.parse(url ?? "")?.origin ?? []);
  return [...new Set(origins)].filter((origin) => origin !== "null");
}

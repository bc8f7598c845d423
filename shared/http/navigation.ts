import { ProblemError } from "../core/errors.ts";

interface Asked {
  readonly headers: Headers;
}

/**
 * Refuses what no person has asked for by going there: a script's `fetch`, a picture, a frame, an address that is loaded ahead.
 * Programs and old browsers do not say what they do; they pass.
 * @throws {ProblemError} `navigation_required`
 */
export function requireNavigation(request: Asked): void {
  refusePrefetch(request);
  if (!isBrowser(request)) return;
  const mode = request.headers.get("sec-fetch-mode") ?? "navigate";
  const destination = request.headers.get("sec-fetch-dest") ?? "document";
  if (mode !== "navigate" || destination !== "document") {
    throw new ProblemError("navigation_required", "Send the browser here, by a link or location.assign.");
  }
}

/** A browser says where it comes from and what for. The `fetch` of Node says `cors`, and neither of these. */
function isBrowser({ headers }: Asked): boolean {
  return headers.has("sec-fetch-site") || headers.has("sec-fetch-dest");
}

/**
 * Refuses an address that a browser loads before anybody goes there (Fetch, `Sec-Purpose`; the older headers are those of other
 * browsers): what works once must not be used up by that. The browser asks again when somebody does.
 * @throws {ProblemError} `navigation_required`
 */
export function refusePrefetch({ headers }: Asked): void {
  const purposes = ["sec-purpose", "purpose", "x-purpose", "x-moz"].map((name) => headers.get(name) ?? "");
  if (purposes.some((purpose) => /^(prefetch|prerender|preview)\b/i.test(purpose))) {
    throw new ProblemError("navigation_required", "This address must not be prefetched.");
  }
}

/**
 * Whether a page of the app itself leads here. A typed address does not count: a mail program opens its links so. Nor does a
 * chain of redirects that began elsewhere.
 */
export function isFromOwnPage({ headers }: Asked, publicBaseUrl: string): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  // Browsers before 2023. They send it within the origin, as `Referrer-Policy` says, and another site can only withhold it.
  return URL.parse(headers.get("referer") ?? "")?.origin === publicBaseUrl;
}

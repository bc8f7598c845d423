import { ProblemError } from "../core/errors.ts";
import { mediaTypeOf } from "./field-values.ts";

/** What these functions look at: mostly what a browser says of a request by Fetch Metadata, which scripts cannot write. */
interface Asked {
  readonly headers: Headers;
}

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses requests that another site made the browser send (cross-site request forgery). `SameSite=Lax` keeps the cookie
 * from most of them; this covers same-site neighbours, old browsers, and top-level navigation.
 *
 * A request that changes state must say where it comes from, by `Sec-Fetch-Site` or `Origin`. A request that only reads
 * is refused when it says that it comes from elsewhere.
 * @param options.navigable whether a link of another site may lead here: a document that is opened in a tab of its own,
 *   which that site cannot read
 * @throws {ProblemError} `cross_site_request`
 */
export function refuseCrossSite(
  request: Asked & { readonly method: string },
  publicBaseUrl: string,
  { navigable = false }: { readonly navigable?: boolean } = {},
): void {
  if (navigable && isNavigation(request)) return;
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  // Also for a value that no browser sends: only what is known to be harmless is.
  const elsewhere = site !== null && site !== "same-origin" && site !== "none";
  const foreign = elsewhere || (origin !== null && origin !== publicBaseUrl);
  const own = origin === publicBaseUrl || (origin === null && site === "same-origin");
  if (safeMethods.has(request.method) ? foreign : !own || foreign) {
    throw new ProblemError("cross_site_request", "Only the app's own pages may do this.");
  }
}

/** Of the tab itself: not of a frame, nor of a form that another site's page has sent. */
function isNavigation({ method, headers }: Asked & { readonly method: string }): boolean {
  const isDocument = headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document";
  return method === "GET" && isDocument && headers.get("origin") === null;
}

/**
 * Destinations (Fetch section 2.2.5) whose answer stays apart from the page that asks: read by a script, shown as a picture, or a
 * document of its own, which is sandboxed. In every other one it would act as a part of the page, such as a script or a frame.
 */
const apart = new Set(["empty", "document", "image", "audio", "video", "track"]);

/**
 * Refuses to make another server's answer a part of the app's own page. Programs, and browsers before 2023, send no
 * `Sec-Fetch-Dest`; for them there is {@link inertType}.
 * @throws {ProblemError} `destination_not_allowed`
 */
export function refuseEmbedding(headers: Headers): void {
  const destination = headers.get("sec-fetch-dest") ?? "empty";
  // Older than Sec-Fetch-Dest (Service Workers, "Service-Worker").
  if (apart.has(destination) && !headers.has("service-worker")) return;
  throw new ProblemError("destination_not_allowed", "Request it with fetch, or show it as an image or a file.");
}

/**
 * The type that an answer goes out with: JavaScript and style sheets become plain text for whoever does not say what for. With
 * `nosniff` browsers take nothing else for a script or a style.
 */
export function inertType(asked: Headers, contentType: string): string {
  const type = mediaTypeOf(contentType);
  const acts = /(?:java|ecma|live|j)script/.test(type) || type === "text/css";
  return acts && !asked.has("sec-fetch-dest") ? "text/plain" : contentType;
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

import { ProblemError } from "../core/errors.ts";
import { mediaTypeOf } from "./field-values.ts";

/** What these functions read of a request: mostly Fetch Metadata, which the browser sets and scripts cannot. */
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
 * @param options.navigable whether a link on another site may lead here: the browser opens the document in a tab, where that
 *   site cannot read it
 * @throws {ProblemError} `cross_site_request`
 */
export function refuseCrossSite(
  request: Asked & { readonly method: string },
  publicOrigin: string,
  { navigable = false }: { readonly navigable?: boolean } = {},
): void {
  if (navigable && isNavigation(request)) return;
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  // A value that no browser sends counts as foreign, too: only values known to be harmless pass.
  const elsewhere = site !== null && site !== "same-origin" && site !== "none";
  const foreign = elsewhere || (origin !== null && origin !== publicOrigin);
  const own = origin === publicOrigin || (origin === null && site === "same-origin");
  if (safeMethods.has(request.method) ? foreign : !own || foreign) {
    throw new ProblemError("cross_site_request", "Only the app's own pages may do this.");
  }
}

/** Whether the tab itself navigates: not a frame, and not a form that another site's page has sent. */
function isNavigation({ method, headers }: Asked & { readonly method: string }): boolean {
  const isDocument = headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document";
  return method === "GET" && isDocument && headers.get("origin") === null;
}

/**
 * Destinations (Fetch section 2.2.5) whose answer stays apart from the page that asks: a script reads it, the browser shows it
 * as media, or it is a sandboxed document of its own. For any other, such as a script or a frame, it would become part of the
 * page.
 */
const separateDestinations = new Set(["empty", "document", "image", "audio", "video", "track"]);

/**
 * Refuses a request that would make another server's answer part of the app's own page. Programs, and browsers before 2023,
 * send no `Sec-Fetch-Dest`; {@link inertType} covers them.
 * @throws {ProblemError} `destination_not_allowed`
 */
export function refuseEmbedding(headers: Headers): void {
  const destination = headers.get("sec-fetch-dest") ?? "empty";
  // Browsers also mark the script of a service worker by `Service-Worker`, which is older than `Sec-Fetch-Dest`.
  if (separateDestinations.has(destination) && !headers.has("service-worker")) return;
  throw new ProblemError("destination_not_allowed", "Request it with fetch, or show it as an image or a file.");
}

/**
 * The content type to answer with. If the request has no `Sec-Fetch-Dest`, JavaScript and style sheets become plain text: with
 * `nosniff`, browsers accept no other type as a script or a style sheet.
 */
export function inertType(asked: Headers, contentType: string): string {
  const type = mediaTypeOf(contentType);
  const acts = /(?:java|ecma|live|j)script/.test(type) || type === "text/css";
  return acts && !asked.has("sec-fetch-dest") ? "text/plain" : contentType;
}

/**
 * Refuses what is not a person's navigation: a script's `fetch`, an image, a frame, a prefetch. Programs and old browsers do
 * not say what a request is for; theirs pass.
 * @throws {ProblemError} `navigation_required`
 */
export function requireNavigation(request: Asked): void {
  refusePrefetch(request);
  if (isBrowser(request) && !isInTab(request)) {
    throw new ProblemError("navigation_required", "Send the browser here, by a link or location.assign.");
  }
}

/** Whether a person opens the address now, in a tab of its own: not a frame, a form, a script or a prefetch. */
export function isOpened(request: Asked & { readonly method: string }): boolean {
  return request.method === "GET" && isInTab(request) && !isPrefetch(request);
}

function isInTab({ headers }: Asked): boolean {
  const mode = headers.get("sec-fetch-mode") ?? "navigate";
  const destination = headers.get("sec-fetch-dest") ?? "document";
  return mode === "navigate" && destination === "document";
}

/** Browsers send at least one of these fields. Node's `fetch` sends only `Sec-Fetch-Mode: cors`. */
function isBrowser({ headers }: Asked): boolean {
  return headers.has("sec-fetch-site") || headers.has("sec-fetch-dest");
}

/**
 * Refuses a prefetch (Fetch, `Sec-Purpose`; some browsers send older headers), which would use up what works only once. The
 * browser asks again when the person goes there.
 * @throws {ProblemError} `navigation_required`
 */
export function refusePrefetch(request: Asked): void {
  if (isPrefetch(request)) throw new ProblemError("navigation_required", "This address must not be prefetched.");
}

function isPrefetch({ headers }: Asked): boolean {
  const purposes = ["sec-purpose", "purpose", "x-purpose", "x-moz"].map((name) => headers.get(name) ?? "");
  return purposes.some((purpose) => /^(prefetch|prerender|preview)\b/i.test(purpose));
}

/**
 * Whether one of the app's own pages led here. A typed address does not count, because a link in a mail program looks the same;
 * nor does a chain of redirects that began on another site.
 */
export function isFromOwnPage({ headers }: Asked, publicOrigin: string): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  // Browsers before 2023 send `Referer` within the origin, as `Referrer-Policy` says. Another site can only withhold it.
  return URL.parse(headers.get("referer") ?? "")?.origin === publicOrigin;
}

import { ProblemError } from "../core/errors.ts";

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
  request: { readonly method: string; readonly headers: Headers },
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
function isNavigation({ method, headers }: { readonly method: string; readonly headers: Headers }): boolean {
  const isDocument = headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document";
  return method === "GET" && isDocument && headers.get("origin") === null;
}

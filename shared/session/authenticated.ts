import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { RequestContext } from "../http/handler.ts";
import { refuseCrossSite } from "../http/cross-site.ts";
import { parseSessionCookie, sessionCookieName } from "./cookie.ts";
import { requireSession, type ResolvedSession } from "./resolve.ts";

export type AuthenticatedHandler = (
  request: HttpRequest,
  session: ResolvedSession,
  context: RequestContext,
) => Promise<HttpResponseInit>;

/**
 * Makes a handler that runs only for signed-in callers of the app's own origin. Everyone else gets 401 with the code
 * `signin_required`, and a cookie that opens nothing is cleared: there is no half-signed-in state.
 */
export function authenticated(handler: AuthenticatedHandler) {
  return async function authenticatedHandler(request: HttpRequest, context: RequestContext): Promise<HttpResponseInit> {
    refuseCrossSite(request, context.app.configuration.publicBaseUrl);
    const cookie = parseSessionCookie(context.cookies.read(sessionCookieName));
    const session = await requireSession(context.app, cookie, context);
    return handler(request, session, context);
  };
}

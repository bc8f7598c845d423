import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { accessToken } from "../downstream/access-token.ts";
import { fetchFromApi } from "../downstream/fetch.ts";
import { readingError } from "../downstream/reading.ts";
import { configuredApi, targetUrl } from "../downstream/target.ts";
import type { RequestContext } from "./handler.ts";
import { refuseCrossSite } from "../http/fetch-metadata.ts";
import { parseSessionCookie, sessionCookieName } from "../session/cookie.ts";
import { requireSession, type ResolvedSession } from "../session/resolve.ts";
import { useSession } from "../session/use.ts";
import type { Session } from "./session.ts";

/** The session as the app's own functions about sessions see it. */
export interface AuthenticatedSession extends Session {
  /** Cookie, document and seal. */
  readonly resolved: ResolvedSession;
}

export type AuthenticatedHandler<Context extends RequestContext = RequestContext> = (
  request: HttpRequest,
  session: AuthenticatedSession,
  context: Context,
) => Promise<HttpResponseInit>;

export interface AuthenticatedOptions {
  /**
   * Whether the request counts as use of the session, so that it does not end by idleness. Default: true. False for what
   * a page asks by itself, and for what ends the session. A call of an API is a use in any case.
   */
  readonly extendsSession?: boolean;
  /**
   * Whether a person may come here by a link in a mail or of another site, or straight from signing in, by GET and in a tab of
   * its own. Default: true. False for a GET that has effects. What changes something is out of reach of other sites in any
   * case, and so are frames, pictures and scripts of theirs.
   */
  readonly navigable?: boolean;
}

/**
 * Makes a handler that runs only for signed-in callers of the app's own origin. Everyone else gets 401 with the code
 * `signin_required`, and a cookie that opens nothing is cleared: there is no half-signed-in state. It costs one point
 * read; a write comes only with a renewed token or a good part of the idle timeout passed.
 *
 * @example
 * handler: authenticated(async (_request, session) => {
 *   const response = await session.fetch("graph", "me/manager");
 *   return { jsonBody: { name: session.claims.name, hasManager: response.ok } };
 * }),
 */
export function authenticated<Context extends RequestContext>(
  handler: AuthenticatedHandler<Context>,
  { extendsSession = true, navigable = true }: AuthenticatedOptions = {},
) {
  return async function authenticatedHandler(request: HttpRequest, context: Context): Promise<HttpResponseInit> {
    refuseCrossSite(request, context.app.configuration.publicBaseUrl, { navigable });
    const cookie = parseSessionCookie(context.cookies.read(sessionCookieName));
    const session = await requireSession(context.app, cookie, context);
    try {
      const response = await handler(request, authenticatedSession(session, context), context);
      if (extendsSession) await useSession(context.app, session, context);
      return response;
    } catch (error) {
      throw readingError(error, context.signal);
    }
  };
}

function authenticatedSession(
  session: ResolvedSession,
  { app, signal, gone, telemetry }: RequestContext,
): AuthenticatedSession {
  const asked = { session, signal, gone, telemetry };
  return {
    claims: session.secrets.claims,
    resolved: session,
    async fetch(name, path, init = {}) {
      const api = configuredApi(app, name);
      return fetchFromApi(app, { ...asked, api }, targetUrl(api, path), init);
    },
    async getToken(name, { claims } = {}) {
      const token = await accessToken(app, { ...asked, api: configuredApi(app, name), claims });
      if (token === undefined) throw new TypeError(`The API ${name} is called without a token`);
      return token;
    },
  };
}

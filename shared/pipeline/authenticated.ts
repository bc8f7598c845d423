import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { AccountClaims } from "../identity/session-secrets.ts";
import { fetchFromApi, type DownstreamInit } from "../downstream/fetch.ts";
import { readingError } from "../downstream/reading.ts";
import { configuredApi, targetUrl } from "../downstream/target.ts";
import { tokenFor } from "../downstream/token.ts";
import type { RequestContext } from "./handler.ts";
import { refuseCrossSite } from "../http/cross-site.ts";
import { parseSessionCookie, sessionCookieName } from "../session/cookie.ts";
import { requireSession, type ResolvedSession } from "../session/resolve.ts";
import { useSession } from "../session/use.ts";

/** The signed-in person, as a handler sees them. */
export interface AuthenticatedSession {
  /** From the verified ID token of the sign-in: who it is. Authorize by `tenantId` and `objectId`, never by `username`. */
  readonly claims: AccountClaims;
  /**
   * Calls a configured API with the token that its settings say, the account's unless they say otherwise.
   * @param api its name in the settings: `graph` for `DownstreamApis__graph__BaseUrl`
   * @param path below the base URL, with its query: `me/messages?$top=5`. Put values in with `encodeURIComponent`. An
   *   absolute URL below the base URL, such as an `@odata.nextLink`, is taken too
   * @returns the API's answer, whatever its status, decoded as `fetch` decodes it unless `init` has an `Accept-Encoding`;
   *   redirects are not followed
   * @throws {ConditionError} `api_unknown`, `api_path_invalid`, `api_timeout`, `api_unavailable`, `api_down`, `api_refused_token`
   * @throws {SignInRequiredError} when the session is gone, or the API or the identity provider asks for the person.
   *   Let it through: the browser gets 401 `signin_required`, with the claims challenge if there is one
   */
  fetch(api: string, path: string, init?: DownstreamInit): Promise<Response>;
  /**
   * An access token for a configured API, for a library that calls it. Never send it to the browser, and do not keep it
   * longer than the request.
   * @param options.claims of a claims challenge that the API has answered with, as JSON, so decoded from base64: gets a
   *   token that meets it, if that can be without the person
   * @throws as `fetch`, before anything is sent
   * @throws {TypeError} for an API that is called without a token
   */
  getToken(api: string, options?: { readonly claims?: string }): Promise<string>;
  /** Cookie, document and seal, for the app's own functions about sessions. */
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
      const token = await tokenFor(app, { ...asked, api: configuredApi(app, name), claims });
      if (token === undefined) throw new TypeError(`The API ${name} is called without a token`);
      return token;
    },
  };
}

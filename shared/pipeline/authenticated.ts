import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { accessToken } from "../downstream/access-token.ts";
import { fetchFromApi } from "../downstream/fetch.ts";
import { readingError } from "../downstream/reading.ts";
import { revalidated } from "../downstream/revalidate.ts";
import { configuredApi, targetUrl } from "../downstream/target.ts";
import { ProblemError } from "../core/errors.ts";
import type { RequestContext } from "./handler.ts";
import { refuseCrossSite } from "../http/fetch-metadata.ts";
import { parseSessionCookie, sessionCookieName, type SessionCookie } from "../session/cookie.ts";
import { requireSession, SessionNotServedError, type ResolvedSession } from "../session/resolve.ts";
import { useSession } from "../session/use.ts";
import { endUnservedSession } from "../sign-out/by-app.ts";
import type { AccountClaims } from "../identity/account-claims.ts";
import type { SessionClaims } from "../identity/session-claims.ts";
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
   * Whether the request counts as use of the session, which delays the idle timeout. Default: true. False for requests that a
   * page repeats by itself, and for those that end the session. A call of an API counts in any case.
   */
  readonly extendsSession?: boolean;
  /**
   * Whether a person may come here by a link in a mail or on another site, or straight from signing in: by a GET that the
   * browser opens in a tab. Default: true. False for a GET that has effects. Other methods are refused from other sites in any
   * case, and so are their frames, images and scripts.
   */
  readonly navigable?: boolean;
  /**
   * Whether the identity provider is asked again if it has not answered for the session for long. Default: true. False for
   * requests that only end sessions: they must not depend on it.
   */
  readonly revalidates?: boolean;
}

/**
 * Makes a handler that runs only for signed-in people, on requests of the app's own origin. Without a session, the answer is
 * 401 `signin_required`, and a cookie that opens nothing is cleared. It costs one point read, and a write only if a token is
 * renewed or a good part of the idle timeout has passed. A session that has renewed none for `Session__RevalidateMinutes` does
 * so first.
 *
 * @example
 * handler: authenticated(async (_request, session) => {
 *   const response = await session.fetch("graph", "me/manager");
 *   return { jsonBody: { name: session.claims.name, hasManager: response.ok } };
 * }),
 */
export function authenticated<Context extends RequestContext>(
  handler: AuthenticatedHandler<Context>,
  { extendsSession = true, navigable = true, revalidates = true }: AuthenticatedOptions = {},
) {
  return async function authenticatedHandler(request: HttpRequest, context: Context): Promise<HttpResponseInit> {
    refuseCrossSite(request, context.app.configuration.publicOrigin, { navigable });
    const cookie = parseSessionCookie(context.cookies.read(sessionCookieName));
    const found = await servedSession(cookie, context);
    const session = revalidates ? await revalidated(context.app, found, context, extendsSession) : found;
    try {
      const response = await handler(request, authenticatedSession(session, context), context);
      if (extendsSession) await useSession(context.app, session, context);
      return response;
    } catch (error) {
      throw readingError(error, context.signal);
    }
  };
}

/** @throws {SignInRequiredError} when there is no session, or one that is not served any more. That one is ended */
async function servedSession(cookie: SessionCookie | undefined, context: RequestContext): Promise<ResolvedSession> {
  try {
    return await requireSession(context.app, cookie, context);
  } catch (error) {
    if (error instanceof SessionNotServedError) await endUnservedSession(context.app, error.session, context);
    throw error;
  }
}

/**
 * Lets only people with one of these app roles in, and everybody where none is needed.
 * @throws {ProblemError} `role_required`
 */
export function requireRole({ roles }: Pick<SessionClaims, "roles">, needed: readonly string[] | undefined): void {
  if (needed === undefined || needed.some((role) => roles.includes(role))) return;
  throw new ProblemError("role_required", "Your account has no role that allows this, or had none when you signed in.");
}

function authenticatedSession(
  session: ResolvedSession,
  { app, signal, gone, telemetry }: RequestContext,
): AuthenticatedSession {
  const asked = { session, signal, gone, telemetry };
  return {
    claims: sessionClaims(session.secrets.claims),
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

/** A session of a version that kept no roles has none. */
export function sessionClaims({ roles = [], groups = [], further = {}, ...claims }: AccountClaims): SessionClaims {
  return { ...claims, roles, groups: groups === "too many" ? undefined : groups, further };
}

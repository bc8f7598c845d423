import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { Warning } from "../shared/app.ts";
import { readForm } from "../shared/http/form.ts";
import type { FunctionDefinition, RequestContext } from "../shared/http/handler.ts";
import { refusePrefetch } from "../shared/http/navigation.ts";
import { wantsPage } from "../shared/http/page.ts";
import { safeReturnUrl } from "../shared/http/return-url.ts";
import {
  authorizationError,
  isNotSignedIn,
  type AuthorizationErrorResponse,
} from "../shared/identity/authorization-error.ts";
import { codeOf, queryOfForm, readResponse } from "../shared/identity/authorization-response.ts";
import { warnOfMissingScopes } from "../shared/downstream/missing-scopes.ts";
import { completeSignIn } from "../shared/identity/sign-in.ts";
import { takeTransaction, type SignInTransaction } from "../shared/identity/transaction.ts";
import {
  formatSessionCookie,
  parseSessionCookie,
  sessionCookieMaxAge,
  sessionCookieName,
} from "../shared/session/cookie.ts";
import { openSession } from "../shared/session/open.ts";
import { describeUserAgent } from "../shared/session/user-agent.ts";
import { checkCookies } from "./cookie-check.ts";

/** Bytes. A code of 8 KiB and an error's description fit in. */
const maxFormBytes = 32 * 1024;

/**
 * `POST /auth/callback`: the redirect URI, to which the identity provider's page posts its answer. The form comes from another
 * site, so the browser has sent no cookie: nothing is decided here. The browser goes on to the function below, and its cookies
 * go along.
 */
export const callbackForm: FunctionDefinition = {
  name: "callback-form",
  route: "auth/callback",
  methods: ["POST"],
  async handler(request) {
    const query = queryOfForm(await readForm(request, maxFormBytes));
    return { status: 303, headers: { location: `/auth/callback?${query}` } };
  },
};

/**
 * `GET /auth/callback`: completes a sign-in and opens the session. Comes from the function above, or from an identity provider
 * that puts its answer into the query.
 */
export const callback: FunctionDefinition = {
  name: "callback",
  route: "auth/callback",
  methods: ["GET"],
  async handler(request, context) {
    refusePrefetch(request);
    const answer = readResponse(new URL(request.url).searchParams);
    const transaction = transactionOf(answer.state, request, context);
    if (!transaction) return checkCookies(context);

    // Checked again: a cookie is no better than a parameter.
    const location = safeReturnUrl(transaction.returnUrl, context.app.configuration.publicBaseUrl);
    if (answer.error) return refused(answer.error, transaction, location);
    const { sessionState } = answer;
    const code = codeOf(answer);
    const { app, signal } = context;
    const signedIn = await completeSignIn(
      app.authority,
      app.configuration,
      { code, sessionState, transaction },
      signal,
    );
    context.app.signInSeen = true;
    const [first] = app.configuration.downstreamApis.values();
    if (first) warnOfMissingScopes(app, first, signedIn.missingScopes ?? [], context.telemetry);
    if (signedIn.sid === undefined) warnOnce(context, "sid_missing");
    if (signedIn.claims.loginHint === null) warnOnce(context, "login_hint_missing");
    const cookie = await openSession(
      app,
      {
        signedIn,
        startedAt: transaction.startedAt,
        userAgent: describeUserAgent(request.headers.get("user-agent")),
        previous: parseSessionCookie(context.cookies.read(sessionCookieName)),
      },
      context,
    );
    context.telemetry.info("session_opened", { hasSid: signedIn.sid !== undefined });
    const maxAge = sessionCookieMaxAge(app.configuration.session);
    context.cookies.set(sessionCookieName, formatSessionCookie(cookie), maxAge);
    return { status: 302, headers: { location } };
  },
};

/** Undefined when it may be that the browser keeps no cookies, which a person can be told with some effort. */
function transactionOf(
  state: string,
  request: HttpRequest,
  { cookies }: RequestContext,
): SignInTransaction | undefined {
  try {
    return takeTransaction(cookies, state);
  } catch (error) {
    if (wantsPage(request) && !request.headers.has("cookie")) return undefined;
    throw error;
  }
}

function refused(
  response: AuthorizationErrorResponse,
  { silent }: SignInTransaction,
  location: string,
): HttpResponseInit {
  if (silent && isNotSignedIn(response)) return { status: 302, headers: { location } };
  throw authorizationError(response);
}

function warnOnce({ app, telemetry }: RequestContext, warning: Warning): void {
  if (app.warnings.has(warning)) return;
  app.warnings.add(warning);
  telemetry.warn(warning);
}

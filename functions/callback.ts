import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { Warning } from "../shared/app.ts";
import type { FunctionDefinition, RequestContext } from "../shared/http/handler.ts";
import { ConditionError } from "../shared/errors.ts";
import { wantsPage } from "../shared/http/page.ts";
import { queryParameter } from "../shared/http/parameters.ts";
import { safeReturnUrl } from "../shared/http/return-url.ts";
import { authorizationError, isNotSignedIn } from "../shared/identity/authorization-error.ts";
import { completeSignIn } from "../shared/identity/sign-in.ts";
import { takeTransaction, type SignInTransaction } from "../shared/identity/transaction.ts";
import { formatSessionCookie, parseSessionCookie, sessionCookieName } from "../shared/session/cookie.ts";
import { openSession } from "../shared/session/open.ts";
import { describeUserAgent } from "../shared/session/user-agent.ts";
import { checkCookies } from "./cookie-check.ts";

/** `GET /auth/callback`: the redirect URI. Completes a sign-in and opens the session. */
export const callback: FunctionDefinition = {
  name: "callback",
  route: "auth/callback",
  methods: ["GET"],
  async handler(request, context) {
    const state = queryParameter(request, "state");
    if (state === null) throw new ConditionError("invalid_request", "The parameter state is missing.");
    const transaction = transactionOf(state, request, context);
    if (!transaction) return checkCookies(context);

    // Checked again: a cookie is no better than a parameter.
    const location = safeReturnUrl(transaction.returnUrl, context.app.configuration.publicBaseUrl);
    const error = queryParameter(request, "error");
    if (error !== null) return refused(request, error, transaction, location);
    const code = queryParameter(request, "code", 8_192);
    if (code === null) throw new ConditionError("invalid_request", "The parameter code is missing.");

    const sessionState = queryParameter(request, "session_state");
    const { app, signal } = context;
    const signedIn = await completeSignIn(
      app.authority,
      app.configuration,
      { code, sessionState, transaction },
      signal,
    );
    context.app.signInSeen = true;
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
    context.cookies.set(sessionCookieName, formatSessionCookie(cookie));
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
  request: HttpRequest,
  error: string,
  { silent }: SignInTransaction,
  location: string,
): HttpResponseInit {
  const description = queryParameter(request, "error_description", 8_192);
  const response = { error, description, uri: queryParameter(request, "error_uri") };
  if (silent && isNotSignedIn(response)) return { status: 302, headers: { location } };
  throw authorizationError(response);
}

function warnOnce({ app, telemetry }: RequestContext, warning: Warning): void {
  if (app.warnings.has(warning)) return;
  app.warnings.add(warning);
  telemetry.warn(warning);
}

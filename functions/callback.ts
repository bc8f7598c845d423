import type { HttpResponseInit } from "@azure/functions";
import type { Warning } from "../shared/app.ts";
import type { FunctionDefinition, RequestContext } from "../shared/http/handler.ts";
import { ConditionError } from "../shared/errors.ts";
import { queryParameter } from "../shared/http/parameters.ts";
import { safeReturnUrl } from "../shared/http/return-url.ts";
import { completeSignIn } from "../shared/identity/sign-in.ts";
import { takeTransaction, type SignInTransaction } from "../shared/identity/transaction.ts";
import { formatSessionCookie, parseSessionCookie, sessionCookieName } from "../shared/session/cookie.ts";
import { openSession } from "../shared/session/open.ts";
import { describeUserAgent } from "../shared/session/user-agent.ts";

/** Answers of the identity provider that mean "not without showing something" to a silent sign-in. */
const needsInteraction = new Set([
  "login_required",
  "interaction_required",
  "consent_required",
  "account_selection_required",
]);

/** `GET /auth/callback`: the redirect URI. Completes a sign-in and opens the session. */
export const callback: FunctionDefinition = {
  name: "callback",
  route: "auth/callback",
  methods: ["GET"],
  async handler(request, context) {
    const state = queryParameter(request, "state");
    if (state === null) throw new ConditionError("invalid_request", "The parameter state is missing.");
    const transaction = takeTransaction(context.cookies, state);

    // Checked again: a cookie is no better than a parameter.
    const location = safeReturnUrl(transaction.returnUrl, context.app.configuration.publicBaseUrl);
    const error = queryParameter(request, "error");
    if (error !== null) return refused(error, transaction, location);
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

/** Authentication error response (OpenID Connect Core 1.0 section 3.1.2.6). Its texts are not shown: anyone can write them. */
function refused(error: string, { silent }: SignInTransaction, location: string): HttpResponseInit {
  if (silent && needsInteraction.has(error)) return { status: 302, headers: { location } };
  if (error === "access_denied") throw new ConditionError("signin_cancelled", "You can sign in again at any time.");
  throw new ConditionError("signin_refused", "Go back to the app and sign in again.");
}

function warnOnce({ app, telemetry }: RequestContext, warning: Warning): void {
  if (app.warnings.has(warning)) return;
  app.warnings.add(warning);
  telemetry.warn(warning);
}

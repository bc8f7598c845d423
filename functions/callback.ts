import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { App } from "../shared/app/app.ts";
import { problemCodeOf } from "../shared/core/errors.ts";
import type { Telemetry } from "../shared/telemetry/log.ts";
import type { FunctionDefinition, RequestContext } from "../shared/pipeline/handler.ts";
import { refusePrefetch } from "../shared/http/fetch-metadata.ts";
import { wantsPage } from "../shared/http/page.ts";
import { queryParameter } from "../shared/http/parameters.ts";
import { safeReturnUrl } from "../shared/http/return-url.ts";
import { authorizationError, isNotSignedIn } from "../shared/identity/authorization-error.ts";
import { codeOf, readResponse, type AuthorizationResponse } from "../shared/sign-in/authorization-response.ts";
import { completeSignIn, signInRefused, type SignedIn } from "../shared/sign-in/sign-in.ts";
import {
  finishedSignIn,
  finishTransaction,
  knownTransaction,
  unknownSignIn,
  type FinishedSignIn,
  type SignInTransaction,
} from "../shared/sign-in/transaction.ts";
import {
  formatSessionCookie,
  parseSessionCookie,
  sessionCookieMaxAge,
  sessionCookieName,
} from "../shared/session/cookie.ts";
import { openSession } from "../shared/sign-in/open-session.ts";
import { lookUp } from "../shared/session/resolve.ts";
import { describeUserAgent } from "../shared/http/user-agent.ts";
import { checkCookies } from "./cookie-check.ts";

/** Parameter of a second look at a sign-in whose code was refused: Entra's number of the refusal, or 0. */
const secondLook = "refused";

/**
 * `GET /auth/callback`: completes a sign-in and opens the session. The browser comes from `POST /auth/callback`, or from an
 * identity provider that puts its answer into the query.
 */
export const callback: FunctionDefinition = {
  name: "callback",
  route: "auth/callback",
  methods: ["GET"],
  isStep: true,
  async handler(request, context) {
    refusePrefetch(request);
    const response = readResponse(new URL(request.url).searchParams);
    const finished = finishedSignIn(context.cookies, response.state);
    if (finished) return comeAgain(finished, context);
    await context.app.learnTime();
    const transaction = transactionOf(response.state, request, context);
    if (!transaction) return checkCookies(context);

    const goOn = goTo(transaction, context);
    const outcome = await outcomeOf(request, response, transaction, context);
    if (outcome === "not signed in") return goOn;
    if ("redirect" in outcome) return { status: 303, headers: { location: outcome.redirect } };
    await signIn(request, outcome, transaction, context);
    return goOn;
  },
};

/** Where the sign-in leads. Checked again: a cookie is no better than a parameter. */
function goTo(
  { returnUrl }: SignInTransaction | FinishedSignIn,
  { app, comeBackTo }: RequestContext,
): HttpResponseInit {
  const location = safeReturnUrl(returnUrl, app.configuration.publicBaseUrl);
  comeBackTo(location, "signIn");
  return { status: 302, headers: { location } };
}

/** The address of a sign-in that was answered before, by the Back button, say. With a session it leads to where it led. */
async function comeAgain(finished: FinishedSignIn, context: RequestContext): Promise<HttpResponseInit> {
  const goOn = goTo(finished, context);
  const cookie = parseSessionCookie(context.cookies.read(sessionCookieName));
  const session = cookie && (await lookUp(context.app, cookie, context)).session;
  if (!session) throw unknownSignIn();
  return goOn;
}

/** Undefined when it may be that the browser keeps no cookies, which a person can be told with some effort. */
function transactionOf(
  state: string,
  request: HttpRequest,
  { app, cookies }: RequestContext,
): SignInTransaction | undefined {
  try {
    return knownTransaction(cookies, state, app.clock);
  } catch (error) {
    if (wantsPage(request) && !request.headers.has("cookie")) return undefined;
    throw error;
  }
}

/** What the identity provider's answer comes to. The sign-in is over then, unless a second look may find that it succeeded. */
async function outcomeOf(
  request: HttpRequest,
  response: AuthorizationResponse,
  transaction: SignInTransaction,
  { app, cookies, signal }: RequestContext,
): Promise<SignedIn | "not signed in" | { readonly redirect: string }> {
  const refusal = queryParameter(request, secondLook, 10);
  try {
    if (refusal !== null) throw signInRefused(Object.assign(new Error("Refused before"), { errorNo: refusal }));
    if (response.error) throw authorizationError(response.error);
    const answer = { code: codeOf(response), sessionState: response.sessionState, transaction };
    const signedIn = await completeSignIn(app.authority, app.configuration, answer, signal);
    finishTransaction(cookies, transaction);
    return signedIn;
  } catch (error) {
    const isFirstLook = refusal === null && !response.error && wantsPage(request);
    if (isFirstLook && problemCodeOf(error) === "signin_refused") return lookAgain(transaction, error);
    finishTransaction(cookies, transaction);
    if (response.error && transaction.silent && isNotSignedIn(response.error)) return "not signed in";
    throw error;
  }
}

/**
 * A code that is not redeemed may have been a moment ago, if a form was sent twice. When the browser asks again it has what the
 * other request was answered with: then it goes on, and else it is told.
 */
function lookAgain({ state }: SignInTransaction, error: unknown): { readonly redirect: string } {
  const { errorNo } = ((error as Error).cause ?? {}) as { errorNo?: unknown };
  const number = /^\d{1,10}$/.test(String(errorNo)) ? String(errorNo) : "0";
  return { redirect: `/auth/callback?${new URLSearchParams({ state, [secondLook]: number }).toString()}` };
}

/** Opens the session, in place of the one that the browser had. */
async function signIn(
  request: HttpRequest,
  signedIn: SignedIn,
  transaction: SignInTransaction,
  context: RequestContext,
): Promise<void> {
  const { app, cookies, telemetry } = context;
  const { startedAt, startedTick, api = "" } = transaction;
  app.signInSeen = true;
  warnOperator(app, signedIn, api, telemetry);
  const userAgent = describeUserAgent(request.headers.get("user-agent"));
  const previous = parseSessionCookie(cookies.read(sessionCookieName));
  // Where the beginning is not known, every sign-out that is remembered counts.
  const opened = { signedIn, startedAt: startedAt ?? 0, startedTick, userAgent, previous };
  const cookie = await openSession(app, opened, context);
  telemetry.info("session_opened", { hasSid: signedIn.sid !== undefined });
  cookies.set(sessionCookieName, formatSessionCookie(cookie), sessionCookieMaxAge(app.configuration.session));
}

/** What the app registration or a setting lacks shows in the first sign-in. */
function warnOperator({ configuration, warnings }: App, signedIn: SignedIn, api: string, telemetry: Telemetry): void {
  const [usual] = configuration.downstreamApis.values();
  const { name = api } = configuration.downstreamApis.get(api) ?? usual ?? {};
  for (const scope of signedIn.missingScopes ?? []) warnings.once("scope_missing", telemetry, { api: name, scope });
  if (signedIn.sid === undefined) warnings.once("sid_missing", telemetry);
  if (signedIn.claims.loginHint === null) warnings.once("login_hint_missing", telemetry);
}

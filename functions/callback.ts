import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { sessionKeyOf } from "../shared/account/document.ts";
import type { SignedInPerson } from "../shared/app/hooks.ts";
import { runHook } from "../shared/app/run-hook.ts";
import { problemCodeOf } from "../shared/core/errors.ts";
import { refusePrefetch } from "../shared/http/fetch-metadata.ts";
import { wantsPage } from "../shared/http/page.ts";
import { safeReturnUrl } from "../shared/http/return-url.ts";
import { describeUserAgent } from "../shared/http/user-agent.ts";
import { authorizationError, isNotSignedIn } from "../shared/identity/authorization-error.ts";
import { sessionClaims } from "../shared/pipeline/authenticated.ts";
import type { FunctionDefinition, RequestContext } from "../shared/pipeline/handler.ts";
import {
  keepSessionCookie,
  parseSessionCookie,
  sessionCookieMaxAge,
  sessionCookieName,
  type SessionCookie,
} from "../shared/session/cookie.ts";
import { resolveSession } from "../shared/session/resolve.ts";
import {
  codeOf,
  readResponse,
  refusedBefore,
  secondLook,
  type AuthorizationResponse,
} from "../shared/sign-in/authorization-response.ts";
import { openSession } from "../shared/sign-in/open-session.ts";
import { completeSignIn, signInRefused, type SignedIn } from "../shared/sign-in/sign-in.ts";
import {
  finishedSignIn,
  finishTransaction,
  knownTransaction,
  unknownSignIn,
  type FinishedSignIn,
  type SignInTransaction,
} from "../shared/sign-in/transaction.ts";
import { checkCookies } from "./cookie-check.ts";

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
    if (finished) return answerAgain(finished, context);
    await context.app.learnTime();
    const transaction = transactionOf(response.state, request, context);
    if (!transaction) return checkCookies(context);

    const toReturnUrl = redirectTo(transaction, context);
    const outcome = await outcomeOf(request, response, transaction, context);
    if (outcome === "not signed in") return toReturnUrl;
    if ("lookAgain" in outcome) return { status: 303, headers: { location: outcome.lookAgain } };
    await startSession(request, outcome, transaction, context);
    finishTransaction(context.cookies, transaction, { opened: true });
    return toReturnUrl;
  },
};

/** Goes to the sign-in's return URL, which is checked again: a cookie is no safer than a parameter. */
function redirectTo(
  { returnUrl }: SignInTransaction | FinishedSignIn,
  { app, setDestination }: RequestContext,
): HttpResponseInit {
  const location = safeReturnUrl(returnUrl, app.configuration.publicBaseUrl);
  setDestination(location, "signIn");
  return { status: 302, headers: { location } };
}

/**
 * The browser has come back to the address of a sign-in that is over, with its Back button, for example. If it has a session,
 * it goes on to where that sign-in led.
 */
async function answerAgain(finished: FinishedSignIn, context: RequestContext): Promise<HttpResponseInit> {
  const toReturnUrl = redirectTo(finished, context);
  const cookie = parseSessionCookie(context.cookies.read(sessionCookieName));
  const session = await resolveSession(context.app, cookie, context);
  if (!session) throw unknownSignIn();
  return toReturnUrl;
}

/** Undefined if the browser sends no cookie at all: it may keep none, and the person is told if a check confirms it. */
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

/**
 * What comes of the identity provider's answer. The transaction is finished then, unless the browser has to look again.
 * @throws {ProblemError} when the sign-in has failed
 */
async function outcomeOf(
  request: HttpRequest,
  response: AuthorizationResponse,
  transaction: SignInTransaction,
  { app, cookies, signal, site }: RequestContext,
): Promise<SignedIn | "not signed in" | { readonly lookAgain: string }> {
  const refusal = refusedBefore(new URL(request.url).searchParams);
  try {
    if (refusal) throw signInRefused(refusal);
    if (response.error) throw authorizationError(response.error);
    const { sessionState } = response;
    const answer = { code: codeOf(response), sessionState, transaction, keptClaims: app.keptClaims };
    const signedIn = await completeSignIn(app.authority, app.configuration, answer, signal);
    finishTransaction(cookies, transaction);
    return signedIn;
  } catch (error) {
    const isFirstLook = !refusal && !response.error && wantsPage(request);
    if (isFirstLook && problemCodeOf(error) === "signin_refused")
      return { lookAgain: site.basePath + secondLook(transaction.state, error) };
    finishTransaction(cookies, transaction);
    if (response.error && transaction.silent && isNotSignedIn(response.error)) return "not signed in";
    throw error;
  }
}

/** Opens the session, in place of the one that the browser had. */
async function startSession(
  request: HttpRequest,
  signedIn: SignedIn,
  { startedAt, startedTick }: SignInTransaction,
  context: RequestContext,
): Promise<void> {
  const { app, cookies, telemetry } = context;
  app.signInSeen = true;
  warnOperator(signedIn, context);
  const userAgent = describeUserAgent(request.headers.get("user-agent"));
  const previous = parseSessionCookie(cookies.read(sessionCookieName));
  // If nobody knows when the sign-in began, every sign-out that is remembered counts.
  const opened = { signedIn, startedAt: startedAt ?? 0, startedTick, userAgent, previous };
  const cookie = await openSession(app, opened, context);
  telemetry.info("session_opened", { hasSid: signedIn.sid !== undefined });
  const { onSignedIn } = app.hooks;
  if (onSignedIn) await runHook("onSignedIn", onSignedIn, personOf(cookie, signedIn), context);
  keepSessionCookie(cookies, cookie, sessionCookieMaxAge(app.configuration.session));
}

function personOf({ accountKey, secret }: SessionCookie, { claims }: SignedIn): SignedInPerson {
  return { account: accountKey, session: sessionKeyOf(secret), claims: sessionClaims(claims) };
}

/** A sign-in shows what the app registration, or its consent, lacks. */
function warnOperator(
  { missingScopes = [], sid, claims }: SignedIn,
  { app: { warnings }, telemetry }: RequestContext,
): void {
  for (const missing of missingScopes) warnings.once("scope_missing", telemetry, missing);
  if (sid === undefined) warnings.once("sid_missing", telemetry);
  if (claims.loginHint === null) warnings.once("login_hint_missing", telemetry);
}

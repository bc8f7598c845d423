import type { HttpHandler, HttpMethod, HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import type { App, Invocation } from "../app/app.ts";
import type { SigningOut } from "../sign-out/defer.ts";
import { conditionOf, conditions, SignInRequiredError } from "../core/errors.ts";
import { sessionCookieName } from "../session/cookie.ts";
import { cookieJar, type CookieJar } from "../http/cookie-jar.ts";
import { logFailure, logTelemetry } from "../telemetry/log.ts";
import { aadstsNumber, describe } from "../http/describe-error.ts";
import { runFunction } from "../telemetry/activity.ts";
import type { Ending, Outcome } from "../telemetry/recorder.ts";
import type { Way } from "../http/advice.ts";
import { wantsPage } from "../http/page.ts";
import { problemResponse, type Occurrence } from "../http/problem.ts";
import { safeReturnUrl } from "../http/return-url.ts";
import { withDefaults } from "../http/security-headers.ts";

/** What a handler works with besides the request. */
export interface RequestContext extends Invocation {
  readonly app: App;
  readonly cookies: CookieJar;
  /** Says where the person is going by way of this step, so that an error page can lead there. @param to a path of this app */
  readonly comeBackTo: (to: string, by: Way["by"]) => void;
}

/** The context of a function that signs out. */
export type SignOutContext = RequestContext & SigningOut;

interface Definition<Context extends RequestContext> {
  readonly name: string;
  readonly route: string;
  readonly methods: readonly HttpMethod[];
  /** "function": callers need a function key. For administrators' programs. */
  readonly authLevel?: "anonymous" | "function";
  /** Whether it is a step on the way to somewhere else, so that an error page does not lead back to it. */
  readonly isStep?: boolean;
  readonly handler: (request: HttpRequest, context: Context) => Promise<HttpResponseInit>;
}

/** Only a function with `signsOut` can leave a sign-out to the queue, so only such a function can sign anybody out. */
export type FunctionDefinition =
  | (Definition<SignOutContext> & { readonly signsOut: true })
  | (Definition<RequestContext> & { readonly signsOut?: false });

/** Where the person is going, once the function has said so. */
interface Errand {
  way?: Way;
}

/** No person waits longer than 10 s for an answer, including the time for cleaning up and sending. */
const requestTimeoutMs = 8_000;
/** Shorter for sign-outs: writing one to the queue may take another 3.5 s. */
const signOutTimeoutMs = 4_500;

/**
 * Turns a definition into a handler of the Functions programming model: one deadline for everything it waits for, an
 * answer for every error (the host's own would be empty), cookies through the `cookies` property (several `Set-Cookie`
 * headers lose all but the last), and the security headers that every answer owes.
 * @param defer for functions that sign out
 */
export function httpHandler(definition: FunctionDefinition, app: App, defer: SigningOut["defer"]): HttpHandler {
  const handle: HttpHandler = async (request, invocation) => {
    const cookies = cookieJar(request.headers, app.configuration);
    const telemetry = logTelemetry(invocation);
    const signal = AbortSignal.timeout(definition.signsOut ? signOutTimeoutMs : requestTimeoutMs);
    const errand: Errand = {};
    const comeBackTo = (to: string, by: Way["by"]) => void (errand.way = { to, by });
    const context = { app, cookies, telemetry, signal, defer, comeBackTo };
    const response = await answer(definition, request, context, invocation, errand);
    return { ...(request.method === "HEAD" ? withoutBody(response) : response), cookies: [...cookies.changes] };
  };
  return async (request, invocation) => {
    const traceParent = invocation.traceContext?.traceParent ?? undefined;
    const call = { name: definition.name, trigger: "http", traceParent } as const;
    return runFunction(call, async () => handle(request, invocation), endingOf);
  };
}

/** The answer to the same request by GET, without its body (RFC 9110 section 9.3.2). */
function withoutBody({ body: _body, jsonBody, headers, ...head }: HttpResponseInit): HttpResponseInit {
  const type = jsonBody === undefined ? {} : { "content-type": "application/json" };
  return { ...head, headers: { ...type, ...Object.fromEntries(new Headers(headers)) } };
}

/** The page that the person wanted, or the app's start if they wanted no page. */
function ownAddress({ isStep }: FunctionDefinition, { method, url }: HttpRequest, app: App): Way {
  if (isStep || method !== "GET") return { to: "/", by: "going" };
  const { pathname, search } = new URL(url);
  try {
    return { to: safeReturnUrl(pathname + search, app.configuration.publicBaseUrl), by: "going" };
  } catch {
    return { to: "/", by: "going" };
  }
}

/** A refusal is not a failure of the function. */
function endingOf(outcome: Outcome<Awaited<ReturnType<HttpHandler>>>): Ending {
  const status = "value" in outcome ? ((outcome.value as HttpResponseInit).status ?? 200) : 500;
  return { success: status < 500, resultCode: String(status) };
}

async function answer(
  definition: FunctionDefinition,
  request: HttpRequest,
  context: SignOutContext,
  invocation: InvocationContext,
  errand: Errand,
): Promise<HttpResponseInit> {
  const { publicBaseUrl } = context.app.configuration;
  try {
    const response = await definition.handler(request, context);
    return { ...response, headers: withDefaults(response.headers, publicBaseUrl) };
  } catch (error) {
    const way = errand.way ?? ownAddress(definition, request, context.app);
    const occurrence = { wantsPage: wantsPage(request), id: invocation.invocationId, way };
    report(error, definition, occurrence, context, invocation);
    if (error instanceof SignInRequiredError && error.sessionEnded) clearSession(context.cookies);
    const response = problemResponse(error, occurrence);
    return { ...response, headers: withDefaults(response.headers, publicBaseUrl) };
  }
}

/** Logs failures for the operator. Refusals concern only the caller, but people bring the pages they saw to support. */
function report(
  error: unknown,
  { name }: FunctionDefinition,
  { wantsPage: isPage, id }: Occurrence,
  { telemetry }: RequestContext,
  log: InvocationContext,
): void {
  const code = conditionOf(error);
  const number = aadstsNumber(error);
  const attributes = { function: name, code, id, ...(number !== undefined && { aadsts: number }) };
  if (conditions[code].status < 500) {
    if (isPage || number !== undefined) telemetry.info("request_refused", attributes);
    return;
  }
  telemetry.error("request_failed", attributes);
  logFailure(log, describe(error));
}

/** Clears no cookie when there are two of that name: without the app's own, the other one, perhaps an attacker's, would count. */
function clearSession(cookies: CookieJar): void {
  if (cookies.read(sessionCookieName) !== undefined) cookies.clear(sessionCookieName);
}

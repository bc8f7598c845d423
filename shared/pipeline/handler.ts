import type { HttpHandler, HttpMethod, HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import type { App, Invocation } from "../app/app.ts";
import { ownTimeMs } from "../core/waiting.ts";
import type { Way } from "../http/advice.ts";
import { cookieJar, type CookieJar } from "../http/cookie-jar.ts";
import { withDefaults } from "../http/security-headers.ts";
import type { SigningOut } from "../sign-out/defer.ts";
import { runFunction } from "../telemetry/activity.ts";
import { logTelemetry } from "../telemetry/log.ts";
import type { Ending, Outcome } from "../telemetry/recorder.ts";
import { failureResponse } from "./failure.ts";

/** What a handler works with besides the request. */
export interface RequestContext extends Invocation {
  readonly app: App;
  readonly cookies: CookieJar;
  /** As the programming model has it. */
  readonly invocation: InvocationContext;
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

/** Shorter than others, for sign-outs: writing one to the queue may take another 3.5 s. */
const signOutTimeoutMs = 4_500;

/**
 * Turns a definition into a handler of the Functions programming model: one deadline for everything it waits for, an
 * answer for every error (the host's own would be empty), cookies through the `cookies` property (several `Set-Cookie`
 * headers lose all but the last), and the security headers that every answer owes.
 * @param defer for functions that sign out
 */
export function httpHandler(definition: FunctionDefinition, app: App, defer: SigningOut["defer"]): HttpHandler {
  const { name: appName, configuration } = app;
  const { publicBaseUrl } = configuration;
  const timeoutMs = definition.signsOut ? signOutTimeoutMs : ownTimeMs;

  const handle: HttpHandler = async (request, invocation) => {
    const cookies = cookieJar(request.headers, app.configuration);
    const telemetry = logTelemetry(invocation);
    const errand: { way?: Way } = {};
    const comeBackTo = (to: string, by: Way["by"]) => void (errand.way = { to, by });
    const context = { app, cookies, invocation, telemetry, signal: AbortSignal.timeout(timeoutMs), defer, comeBackTo };
    const answer = async () => {
      try {
        return withSecurityHeaders(await definition.handler(request, context), publicBaseUrl);
      } catch (error) {
        const failed = { request, definition, invocation, telemetry, cookies, publicBaseUrl, appName, way: errand.way };
        return withSecurityHeaders(failureResponse(error, failed), publicBaseUrl);
      }
    };
    const response = await answer();
    return { ...(request.method === "HEAD" ? withoutBody(response) : response), cookies: [...cookies.changes] };
  };

  return async (request, invocation) => {
    const traceParent = invocation.traceContext?.traceParent ?? undefined;
    const call = { name: definition.name, trigger: "http", traceParent } as const;
    return runFunction(call, async () => handle(request, invocation), endingOf);
  };
}

function withSecurityHeaders(response: HttpResponseInit, publicBaseUrl: string): HttpResponseInit {
  return { ...response, headers: withDefaults(response.headers, publicBaseUrl) };
}

/** The answer to the same request by GET, without its body (RFC 9110 section 9.3.2). */
function withoutBody({ body: _body, jsonBody, headers, ...head }: HttpResponseInit): HttpResponseInit {
  const type = jsonBody === undefined ? {} : { "content-type": "application/json" };
  return { ...head, headers: { ...type, ...Object.fromEntries(new Headers(headers)) } };
}

/** A refusal is not a failure of the function. */
function endingOf(outcome: Outcome<Awaited<ReturnType<HttpHandler>>>): Ending {
  const status = "value" in outcome ? ((outcome.value as HttpResponseInit).status ?? 200) : 500;
  return { success: status < 500, resultCode: String(status) };
}

import type { HttpHandler, HttpMethod, HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import type { App, Invocation } from "../app/app.ts";
import { deadlineIn, ownTimeMs } from "../core/waiting.ts";
import type { Destination } from "../http/advice.ts";
import { cookieJar, type CookieJar } from "../http/cookie-jar.ts";
import { textsFor } from "../texts/language.ts";
import type { Site } from "../http/page.ts";
import { withDefaults } from "../http/security-headers.ts";
import type { SigningOut } from "../sign-out/defer.ts";
import { runFunction } from "../telemetry/activity.ts";
import { logTelemetry } from "../telemetry/log.ts";
import type { Ending, Outcome } from "../telemetry/activity-types.ts";
import { sendableBody } from "./answer-body.ts";
import { connectionOf, type Connection } from "./connection.ts";
import { failureResponse, reportFailure } from "./failure.ts";
import { requestAsSent } from "./request-as-sent.ts";

/** What a handler works with besides the request. */
export interface RequestContext extends Invocation {
  readonly app: App;
  readonly cookies: CookieJar;
  /** The invocation, as the programming model passes it. */
  readonly invocation: InvocationContext;
  /** Says where the person is going so that an error page of this step can lead there. @param to a path of this app */
  readonly setDestination: (to: string, by: Destination["by"]) => void;
  /** What the function's pages have in common with all others. */
  readonly site: Site;
  /** The connection to the browser; only with HTTP streams (`Http__Streaming`). */
  readonly connection: Connection | undefined;
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
  /** Whether people open it as a page: who has to sign in is taken there, and comes back. */
  readonly isPage?: boolean;
  readonly handler: (request: HttpRequest, context: Context) => Promise<HttpResponseInit>;
}

/** Only a function with `signsOut` can leave a sign-out to the queue, so only such a function can sign anybody out. */
export type FunctionDefinition =
  | (Definition<SignOutContext> & { readonly signsOut: true })
  | (Definition<RequestContext> & { readonly signsOut?: false });

/** Time limit of a sign-out, shorter than that of other requests: putting it into the queue may take another 3.5 s. */
const signOutTimeoutMs = 4_500;

/**
 * Turns a definition into a handler of the Functions programming model: one deadline for everything it waits for, an
 * answer for every error (the host's own would be empty, and with HTTP streams come minutes later), cookies through the
 * `cookies` property (several `Set-Cookie` headers lose all but the last), and the security headers that every answer owes.
 * @param defer for functions that sign out
 */
export function httpHandler(definition: FunctionDefinition, app: App, defer: SigningOut["defer"]): HttpHandler {
  const { configuration } = app;
  const { publicBaseUrl } = configuration;
  const timeoutMs = definition.signsOut ? signOutTimeoutMs : ownTimeMs;

  const handle: HttpHandler = async (given, invocation) => {
    const connection = configuration.http.streaming ? connectionOf(invocation.invocationId) : undefined;
    const request = connection === undefined ? given : requestAsSent(given, connection.request, definition.route);
    const cookies = cookieJar(request.headers, app.configuration);
    const site = siteFor(request, app);
    const telemetry = logTelemetry(invocation);
    let destination: Destination | undefined;
    const setDestination = (to: string, by: Destination["by"]) => void (destination = { to, by });
    const deadline = deadlineIn(timeoutMs);
    const { signal } = deadline;
    const gone = connection?.gone;
    const context = { app, cookies, invocation, telemetry, signal, gone, defer, setDestination, connection, site };
    const about = { request, definition, invocation, telemetry, cookies, address: configuration, site };
    const failed = () => ({ ...about, destination });
    const answer = async () => {
      try {
        refuseUntrusted(context);
        const response = withSecurityHeaders(await definition.handler(request, context), publicBaseUrl);
        return await sendable(response, request, connection, (error) => reportFailure(error, failed()));
      } catch (error) {
        return withSecurityHeaders(failureResponse(error, failed()), publicBaseUrl);
      }
    };
    const response = await answer();
    if (!(response.body instanceof ReadableStream)) deadline.lift();
    return { ...(request.method === "HEAD" ? withoutBody(response) : response), cookies: [...cookies.changes] };
  };

  return async (request, invocation) => {
    const traceParent = invocation.traceContext?.traceParent ?? undefined;
    const call = { name: definition.name, trigger: "http", traceParent } as const;
    return runFunction(call, async () => handle(request, invocation), endingOf);
  };
}

/** Most answers are no pages, and need no language. */
function siteFor(request: HttpRequest, { name: appName, configuration: { basePath }, languages }: App): Site {
  return {
    appName,
    basePath,
    get texts() {
      return textsFor(request, languages);
    },
  };
}

/** With HTTP streams, only the connection says what the browser has sent. */
function refuseUntrusted({ app, connection }: RequestContext): void {
  if (app.configuration.http.streaming && connection === undefined) throw new Error("The connection is not known.");
}

/**
 * An answer that the programming model cannot fail to send: what it throws itself is an empty 500, or with HTTP streams no
 * answer for minutes.
 */
async function sendable(
  response: HttpResponseInit,
  { method }: HttpRequest,
  connection: Connection | undefined,
  onFailure: (error: unknown) => void,
): Promise<HttpResponseInit> {
  const { status = 200, body } = response;
  if (!(status >= 200 && status <= 599)) throw new RangeError(`No function can answer with the status ${status}`);
  if (!(body instanceof ReadableStream)) return response;
  if (method !== "HEAD") return { ...response, body: await sendableBody(body, connection, onFailure) };
  await body.cancel();
  return response;
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
  return { success: status < 500, attributes: { "http.response.status_code": status } };
}

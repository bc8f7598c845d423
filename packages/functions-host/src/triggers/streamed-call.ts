import { continueBody } from "../http/continue.ts";
import { ForwardingError } from "../http/exchange-activity.ts";
import type { AnswerHead, Exchange, Forwarder } from "../http/forward.ts";
import { isChunked, isWebSocketUpgrade, requestHeaders } from "../http/forwarded-headers.ts";
import { forwardedTarget } from "../http/forwarded-target.ts";
import { breakOff, sendStatus } from "../http/response.ts";
import type { RpcInvocationRequest } from "../worker/core-types.ts";
import { toError } from "../worker/errors.ts";
import { toStreamedInvocation } from "../worker/rpc-http.ts";
import { triggerMetadata } from "../worker/trigger-metadata.ts";
import { execute } from "./execute.ts";
import type { HttpCall, HttpOutcome } from "./http-call.ts";
import { FunctionTimeoutError } from "./timeout.ts";
import type { TriggerContext } from "./trigger.ts";

/**
 * Answers a request as the host does for an app with HTTP streams: the request goes to the worker over HTTP, and a
 * separate message names its invocation. The answer ends when both have ended: if the invocation fails after its
 * answer, the answer is broken off.
 * @param buffered the body if it has a Content-Length, because the host has already read it
 */
export async function callStreamed(
  call: HttpCall,
  buffered: Buffer,
  forwarder: Forwarder,
  context: TriggerContext,
): Promise<HttpOutcome> {
  const { registered } = call.match.target;
  const metadata = triggerMetadata(call.head, routeOf(call), buffered);
  const invocation = toStreamedInvocation(registered, call.head, metadata, context.hostJson);
  const { invocationId } = invocation;
  const exchange = startExchange(call, buffered, invocation, forwarder);
  try {
    const answer = await bothOf(exchange, execute(context, registered, invocation));
    return { invocationId, status: endAnswer(call, answer) };
  } catch (error) {
    if (error instanceof ForwardingError && error.isCancelled) return { invocationId, status: 499 };
    failAnswer(call);
    return { invocationId, status: 500, failure: toError(error) };
  }
}

function routeOf({ match: { target, params } }: HttpCall): Parameters<typeof triggerMetadata>[1] {
  const { segments } = target.template;
  const names = segments.flatMap((segment) => (segment.kind === "literal" ? [] : [segment.name]));
  return { names, values: params };
}

function startExchange(
  { head, request, response }: HttpCall,
  buffered: Buffer,
  { invocationId, traceContext: { traceParent } }: RpcInvocationRequest,
  forwarder: Forwarder,
): Exchange {
  try {
    const headers = requestHeaders(request, { invocationId, traceParent, host: head.headers["host"]?.value ?? "" });
    const body = isChunked(request) ? request : buffered;
    if (body === request) continueBody(request, response);
    const method = isWebSocketUpgrade(request) ? "GET" : head.method.toUpperCase();
    const target = forwardedTarget(head.path, head.query);
    return forwarder.forward({ method, target, headers, body }, response);
  } catch (error) {
    // The invocation still waits for its request, until functionTimeout.
    return { passedOn: Promise.reject(toError(error)), cancel: () => undefined };
  }
}

/** A failed invocation still waits for its answer; one that takes too long ends the answer too. */
async function bothOf(exchange: Exchange, execution: Promise<unknown>): Promise<AnswerHead> {
  const watched = execution.catch((error: unknown) => {
    if (error instanceof FunctionTimeoutError) exchange.cancel(error.message);
    throw error;
  });
  const [executed, passedOn] = await Promise.allSettled([watched, exchange.passedOn]);
  if (executed.status === "rejected") throw toError(executed.reason);
  if (passedOn.status === "rejected") throw toError(passedOn.reason);
  return passedOn.value;
}

function endAnswer({ response, isClosing }: HttpCall, { status, headers }: AnswerHead): number {
  if (!response.headersSent) response.writeHead(status, isClosing() ? [...headers, "Connection", "close"] : headers);
  response.end();
  return status;
}

/** An answer that has begun is broken off, so that the browser can tell. */
function failAnswer({ request, response }: HttpCall): void {
  if (response.headersSent) breakOff(response);
  else sendStatus(response, 500, !request.complete);
}

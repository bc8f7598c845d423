import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { ExchangeActivity, ForwardingError } from "./exchange-activity.ts";
import { responseHeaders } from "./forwarded-headers.ts";
import { breakOff } from "./response.ts";

/** What goes to the worker. */
export interface Forwarded {
  readonly method: string;
  readonly target: string;
  readonly headers: Record<string, string>;
  /** Already read, or still to be read from the browser. */
  readonly body: Buffer | IncomingMessage;
}

/** One request on its way to the worker, and its answer on the way back. */
export interface Exchange {
  /**
   * Resolves when the whole answer has been written to the browser's response, except its end, which the caller writes
   * when it knows the result of the invocation. If the answer has no body, not even its head has been sent by then. An
   * answer that fails after it has begun is broken off at once.
   * @throws {ForwardingError}
   */
  readonly passedOn: Promise<AnswerHead>;
  /** Breaks off: the worker's connection ends, and `passedOn` rejects. */
  cancel(reason: string): void;
}

/** Status and headers, name after value. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: string[];
}

export interface Forwarder {
  /** @param response gets the answer, its head with the first bytes of the body */
  forward(forwarded: Forwarded, response: ServerResponse): Exchange;
  close(): void;
}

/** What ends an exchange. */
export interface ForwardLimits {
  /** How long both sides may send nothing. */
  readonly idleMs: number;
  /** How many bytes a body in chunks may have. */
  readonly bodyBytes: number;
}

const attempts = 10;
const firstPauseMs = 50;
const longestPauseMs = 250;

/**
 * Forwards requests as the host does, with YARP: bodies are streams with backpressure, the answer waits until the
 * request's body has been sent, and an idle exchange is ended.
 * @param workerUrl where the app's library listens, as it has told the host
 */
export function createForwarder(workerUrl: URL, limits: ForwardLimits): Forwarder {
  const agent = new Agent({ keepAlive: true });
  const open = (forwarded: Forwarded, activity: ExchangeActivity) =>
    httpRequest({
      agent,
      host: workerUrl.hostname,
      port: workerUrl.port,
      method: forwarded.method,
      path: forwarded.target,
      headers: forwarded.headers,
      signal: activity.signal,
    });
  return {
    forward: (forwarded, response) => startExchange(open, limits, forwarded, response),
    close: () => agent.destroy(),
  };
}

type Open = (forwarded: Forwarded, activity: ExchangeActivity) => ClientRequest;

function startExchange(open: Open, limits: ForwardLimits, forwarded: Forwarded, response: ServerResponse): Exchange {
  const activity = new ExchangeActivity(limits.idleMs);
  const onClose = () => activity.cancel(new ForwardingError("the browser has gone", true));
  if (response.destroyed) onClose();
  response.once("close", onClose);
  const passOn = async () => {
    try {
      return await copyAnswer(await sendWithRetries(open, forwarded, limits, activity), response, activity);
    } catch (error) {
      if (response.headersSent) breakOff(response);
      throw activity.reason ?? toForwardingError(error);
    } finally {
      activity.end();
      response.off("close", onClose);
    }
  };
  return { passedOn: passOn(), cancel: (reason) => activity.cancel(new ForwardingError(reason)) };
}

function toForwardingError(error: unknown): ForwardingError {
  if (error instanceof ForwardingError) return error;
  return new ForwardingError(error instanceof Error ? error.message : String(error));
}

// The host tries again too; a request with a body then fails. The library answers an invocation only once, so a request
// that was broken off before the first byte of its answer arrives again and waits.
async function sendWithRetries(
  open: Open,
  forwarded: Forwarded,
  limits: ForwardLimits,
  activity: ExchangeActivity,
): Promise<IncomingMessage> {
  const { body } = forwarded;
  for (let attempt = 1, pauseMs = firstPauseMs; ; attempt += 1, pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const upstream = open(forwarded, activity);
    try {
      return await send(upstream, body, limits, activity);
    } catch (error) {
      const isRepeatable = Buffer.isBuffer(body) && (body.length === 0 || upstream.reusedSocket);
      if (!isRepeatable || attempt === attempts) throw error;
      await delay(pauseMs, undefined, { signal: activity.signal });
    }
  }
}

async function send(
  upstream: ClientRequest,
  body: Forwarded["body"],
  limits: ForwardLimits,
  activity: ExchangeActivity,
) {
  const answered = Promise.withResolvers<IncomingMessage>();
  upstream.on("error", answered.reject).on("response", answered.resolve);
  const sent = sendBody(upstream, body, limits, activity).catch((error: unknown) => {
    const failure = toForwardingError(error);
    upstream.destroy(failure);
    throw failure;
  });
  const [answer] = await Promise.all([answered.promise, sent]);
  activity.touch();
  return answer;
}

async function sendBody(
  upstream: ClientRequest,
  body: Forwarded["body"],
  { bodyBytes }: ForwardLimits,
  activity: ExchangeActivity,
): Promise<void> {
  if (Buffer.isBuffer(body)) {
    upstream.end(body.length === 0 ? undefined : body);
    return;
  }
  upstream.flushHeaders();
  let length = 0;
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > bodyBytes) throw new ForwardingError(`the body has more than ${bodyBytes} bytes`);
      await activity.write(upstream, chunk);
    }
  } catch (error) {
    throw body.errored === null ? error : new ForwardingError("the browser has gone", true);
  }
  upstream.end();
}

async function copyAnswer(
  answer: IncomingMessage,
  response: ServerResponse,
  activity: ExchangeActivity,
): Promise<AnswerHead> {
  try {
    const head = { status: answer.statusCode ?? 0, headers: responseHeaders(answer) };
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (!response.headersSent) response.writeHead(head.status, head.headers);
      await activity.write(response, chunk);
    }
    return head;
  } catch (error) {
    answer.destroy();
    throw error;
  }
}

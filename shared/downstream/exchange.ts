import { request as overHttp, type ClientRequest, type IncomingMessage } from "node:http";
import { request as overTls } from "node:https";
import { ProblemError } from "../core/errors.ts";
import { sendStream, type TimeLimit } from "./send-stream.ts";

/** A request to an API, as it goes over the wire. */
export interface ApiRequest {
  readonly method: string;
  /** Names in lower case, values with one character for each byte. */
  readonly headers: Readonly<Record<string, string>>;
  /** A stream can be sent once. */
  readonly body?: Uint8Array | ReadableStream<Uint8Array>;
}

/** An API's answer, as it came: nothing decoded, no redirect followed. */
export interface ApiAnswer {
  readonly status: number;
  /** In the order in which they came: names in lower case, values with one character for each byte. */
  readonly fields: readonly Field[];
  /** The body. The connection serves no other call until it has been read to its end, or destroyed. */
  readonly body: IncomingMessage;
  /** Has aborted, with the reason, if it was the app that has ended the body. */
  readonly ended: AbortSignal;
}

export type Field = readonly [name: string, value: string];

export interface ExchangeLimits {
  /** Time limit from the end of the request to the beginning of the answer, and for each piece of the request that the API takes. */
  readonly timeoutMs: number;
  /** Ends the exchange, also while the answer's body is under way. Its reason is what the exchange fails with. */
  readonly end: AbortSignal;
}

/** Methods that may be sent twice: the second time changes nothing more (RFC 9110 section 9.2.2). */
const idempotent = new Set(["GET", "HEAD", "PUT", "DELETE"]);

/**
 * Sends a request and waits for the head of the answer. (`fetch` would decode the body and change fields.) A server may close
 * an idle connection just when a request comes: an idempotent request is then sent once more.
 * @throws {ProblemError} `api_timeout` or `api_unavailable`
 */
export async function exchange(target: URL, request: ApiRequest, limits: ExchangeLimits): Promise<ApiAnswer> {
  try {
    return await attempt(target, request, limits);
  } catch (error) {
    const mayRepeat = idempotent.has(request.method) && !(request.body instanceof ReadableStream);
    if (!(error instanceof StaleConnectionError) || !mayRepeat) throw failure(error, limits);
  }
  return attempt(target, request, limits, false).catch((error: unknown) => {
    throw failure(error, limits);
  });
}

/** @param agent false for a connection of its own */
async function attempt(
  target: URL,
  { method, headers, body }: ApiRequest,
  { timeoutMs, end }: ExchangeLimits,
  agent?: false,
): Promise<ApiAnswer> {
  const send = target.protocol === "https:" ? overTls : overHttp;
  const request = send(target, { method, headers, ...(agent === false && { agent }) });
  const answered = responseTo(request);
  endWith(request, end);
  const limit = timeLimitOf(request, timeoutMs);
  if (body instanceof ReadableStream) void sendStream(request, body, limit);
  else {
    limit.start();
    request.end(body);
  }
  try {
    const response = await answered;
    // Whatever of the request has not been sent by then is of no use any more.
    response.once("end", () => request.writableEnded || request.destroy());
    return answerOf(response, end);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isStale = request.reusedSocket && (code === "ECONNRESET" || code === "EPIPE");
    throw isStale ? new StaleConnectionError(error) : error;
  } finally {
    limit.stop();
  }
}

/** What the option `signal` of Node's request does, which takes as long as half of the request. */
function endWith(request: ClientRequest, end: AbortSignal): void {
  const stop = () => void request.destroy(new Error("Nobody waits for the answer any more"));
  if (end.aborted) stop();
  end.addEventListener("abort", stop);
  request.once("close", () => end.removeEventListener("abort", stop));
}

/** Ends the request when the API takes too long: for a piece of the body, or from its end to the answer. */
function timeLimitOf(request: ClientRequest, timeoutMs: number): TimeLimit {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const expire = () => void request.destroy(new ProblemError("api_timeout", "Try again in a moment."));
  const pause = () => clearTimeout(timer);
  return {
    pause,
    start() {
      pause();
      if (!isOver) timer = setTimeout(expire, timeoutMs);
    },
    stop() {
      isOver = true;
      pause();
    },
  };
}

/** The connection had served another call, and was closed before this one's answer began. */
class StaleConnectionError extends Error {
  constructor(cause: unknown) {
    super("The connection was closed", { cause });
  }
}

function failure(error: unknown, { end }: ExchangeLimits): unknown {
  if (end.aborted) return end.reason;
  if (error instanceof ProblemError) return error;
  return new ProblemError("api_unavailable", "Try again in a moment.", { cause: error });
}

/** One for all: most connections close when they have been answered, and nobody sees it. */
const unanswered = new Error("The connection ended without an answer");

/** The answer, once it begins. A later error does not count: an API may answer, and then hang up on the rest of the request. */
async function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve).on("error", reject);
    // If the API switches protocols, the connection closes without an error.
    request.once("close", () => reject(unanswered));
  });
}

/** Refuses 407, which only a proxy may answer (RFC 9110 section 15.5.8), and statuses that no function can answer with. */
function answerOf(body: IncomingMessage, ended: AbortSignal): ApiAnswer {
  const { statusCode: status = 0, rawHeaders } = body;
  if (status < 200 || status > 599 || status === 407) {
    body.destroy();
    throw new Error(`The API answered with the status ${status}`);
  }
  const fields = rawHeaders.flatMap((name, index): Field[] =>
    index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1] ?? ""]] : [],
  );
  return { status, fields, body, ended };
}

/** The values of a field, joined as RFC 9110 section 5.3 allows; null if there is none. */
export function fieldOf({ fields }: Pick<ApiAnswer, "fields">, name: string): string | null {
  const values = fields.filter(([each]) => each === name).map(([, value]) => value);
  return values.length === 0 ? null : values.join(", ");
}

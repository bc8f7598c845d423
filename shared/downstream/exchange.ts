import { request as overHttp, type ClientRequest, type IncomingMessage } from "node:http";
import { request as overTls } from "node:https";
import { ProblemError } from "../core/errors.ts";

/** A request to an API, as it goes over the wire. */
export interface ApiRequest {
  readonly method: string;
  /** Names in lower case, values with one character for each byte. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** An API's answer, as it came: nothing decoded, no redirect followed. */
export interface ApiAnswer {
  readonly status: number;
  /** In the order in which they came: names in lower case, values with one character for each byte. */
  readonly fields: readonly Field[];
  /** The body. The connection serves no other call until it has been read to its end, or destroyed. */
  readonly body: IncomingMessage;
}

export type Field = readonly [name: string, value: string];

export interface ExchangeLimits {
  /** Time limit from the end of the request to the beginning of the answer. */
  readonly timeoutMs: number;
  /** Ends the exchange, also while the answer's body is under way: nobody waits for it any more. */
  readonly gone?: AbortSignal | undefined;
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
    if (!(error instanceof StaleConnectionError) || !idempotent.has(request.method)) throw failure(error);
  }
  return attempt(target, request, limits, false).catch((error: unknown) => {
    throw failure(error);
  });
}

/** @param agent false for a connection of its own */
async function attempt(
  target: URL,
  { method, headers, body }: ApiRequest,
  { timeoutMs, gone }: ExchangeLimits,
  agent?: false,
): Promise<ApiAnswer> {
  const send = target.protocol === "https:" ? overTls : overHttp;
  const request = send(target, { method, headers, ...(agent === false && { agent }), ...(gone && { signal: gone }) });
  const timer = setTimeout(() => request.destroy(new ProblemError("api_timeout", tryAgain)), timeoutMs);
  try {
    request.end(body);
    return answerOf(await responseTo(request));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isStale = request.reusedSocket && (code === "ECONNRESET" || code === "EPIPE");
    throw isStale ? new StaleConnectionError(error) : error;
  } finally {
    clearTimeout(timer);
  }
}

const tryAgain = "Try again in a moment.";

/** The connection had served another call, and was closed before this one's answer began. */
class StaleConnectionError extends Error {
  constructor(cause: unknown) {
    super("The connection was closed", { cause });
  }
}

function failure(error: unknown): ProblemError {
  return error instanceof ProblemError ? error : new ProblemError("api_unavailable", tryAgain, { cause: error });
}

/** The answer, once it begins. A later error does not count: an API may answer, and then hang up on the rest of the request. */
async function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve).on("error", reject);
    // If the API switches protocols, the connection closes without an error.
    request.once("close", () => reject(new Error("The connection ended without an answer")));
  });
}

/** Refuses 407, which only a proxy may answer (RFC 9110 section 15.5.8), and statuses that no function can answer with. */
function answerOf(body: IncomingMessage): ApiAnswer {
  const { statusCode: status = 0, rawHeaders } = body;
  if (status < 200 || status > 599 || status === 407) {
    body.destroy();
    throw new Error(`The API answered with the status ${status}`);
  }
  const fields = rawHeaders.flatMap((name, index): Field[] =>
    index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1] ?? ""]] : [],
  );
  return { status, fields, body };
}

/** The values of a field, joined as RFC 9110 section 5.3 allows; null if there is none. */
export function fieldOf({ fields }: Pick<ApiAnswer, "fields">, name: string): string | null {
  const values = fields.filter(([each]) => each === name).map(([, value]) => value);
  return values.length === 0 ? null : values.join(", ");
}

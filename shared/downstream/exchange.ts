import { once } from "node:events";
import { request as overHttp, type ClientRequest, type IncomingMessage } from "node:http";
import { request as overTls } from "node:https";
import { ConditionError } from "../core/errors.ts";

/** A request to an API, as it goes over the wire. */
export interface ApiRequest {
  readonly method: string;
  /** Names in lower case; values a character a byte. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** An API's answer, as it came: nothing decoded, no redirect followed. */
export interface ApiAnswer {
  readonly status: number;
  /** Names in lower case, in the order in which they came; values a character a byte. */
  readonly fields: readonly Field[];
  /** The body. The connection serves no other call until it has been read to its end, or destroyed. */
  readonly body: IncomingMessage;
}

export type Field = readonly [name: string, value: string];

/**
 * One HTTP exchange, until the head of the answer is there. `fetch` would decode the body, and change fields.
 * @param signal ends the exchange, also while the answer's body is under way
 * @throws {ConditionError} `api_timeout` or `api_unavailable`
 */
export async function exchange(
  target: URL,
  { method, headers, body }: ApiRequest,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  try {
    const send = target.protocol === "https:" ? overTls : overHttp;
    const request = send(target, { method, headers, signal });
    request.end(body);
    return answerOf(await responseTo(request));
  } catch (error) {
    const code = signal.aborted ? "api_timeout" : "api_unavailable";
    throw new ConditionError(code, "Try again in a moment.", { cause: error });
  }
}

async function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  // An API may answer, and then hang up on the rest of the request: that is no error of the answer.
  request.on("error", () => undefined);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response;
}

/** Only a proxy may answer 407 (RFC 9110 section 15.5.8), and no function can answer with what is no status of HTTP. */
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

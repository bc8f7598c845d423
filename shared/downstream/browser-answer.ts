import type { HttpResponseInit } from "@azure/functions";
import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { ProblemError } from "../core/errors.ts";
import { mediaTypeOf } from "../http/field-values.ts";
import { readBody, streamBody, tooLarge } from "./body.ts";
import { fieldOf, type ApiAnswer } from "./exchange.ts";

/** Above that, an answer would cost more memory than an instance has to spare for one call. */
const largestInMemory = 32 * 1_048_576;

/**
 * The body of an API's answer as it goes to the browser: as a stream, or read to its end where the Functions host takes no streams.
 * @throws {ProblemError} `answer_too_large` or `streaming_off` before the body is read; as {@link readBody}
 */
export async function browserBody(
  answer: ApiAnswer,
  method: string,
  { idleTimeoutSeconds }: DownstreamApiConfiguration,
  streaming: boolean,
): Promise<HttpResponseInit["body"]> {
  const { status, body, ended } = answer;
  const limits = { idleMs: idleTimeoutSeconds * 1_000, ended };
  if (method === "HEAD" || status === 204 || status === 205 || status === 304) {
    body.resume();
    return undefined;
  }
  if (streaming) return streamBody(body, limits);
  try {
    refuseWithoutStreams(answer);
    return await readBody(body, limits, largestInMemory);
  } finally {
    body.destroy();
  }
}

function refuseWithoutStreams(answer: ApiAnswer): void {
  if (mediaTypeOf(fieldOf(answer, "content-type")) === "text/event-stream") {
    const detail = "The API answers with a stream of events. Whoever runs this app can turn on Http__Streaming.";
    throw new ProblemError("streaming_off", detail);
  }
  if (Number(fieldOf(answer, "content-length") ?? 0) > largestInMemory) throw tooLarge(largestInMemory);
}

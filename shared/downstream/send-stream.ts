import type { ClientRequest } from "node:http";
import { ProblemError } from "../core/errors.ts";

/** The time limit for an API that keeps the request waiting. */
export interface TimeLimit {
  readonly start: () => void;
  readonly pause: () => void;
  /** For good. */
  readonly stop: () => void;
}

/**
 * Sends a request's body as fast as the API takes it. The time in which the browser sends nothing is not the API's.
 *
 * After the API has answered, or hung up, the rest of the body is read all the same: a browser reads no answer before it has
 * sent everything.
 */
export async function sendStream(
  request: ClientRequest,
  body: ReadableStream<Uint8Array>,
  limit: TimeLimit,
): Promise<void> {
  try {
    for await (const piece of body) {
      if (request.destroyed || request.write(piece)) continue;
      limit.start();
      await taken(request);
      limit.pause();
    }
    limit.start();
    request.end();
  } catch (error) {
    // What the API has got is not all that the browser meant to send, and the API is not to blame.
    const broken = () => new ProblemError("client_gone", "The request broke off before its end.", { cause: error });
    request.destroy(error instanceof ProblemError ? error : broken());
  }
}

/** Until the API has taken enough for more to be written, or nothing can be written any more. */
async function taken(request: ClientRequest): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  request.on("drain", resolve).on("close", resolve);
  await promise;
  request.off("drain", resolve).off("close", resolve);
}

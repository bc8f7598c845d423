import type { ClientRequest } from "node:http";
import { ProblemError } from "../core/errors.ts";

/**
 * Sends the body of a request, a stream as fast as the API takes it, and ends the request when the API takes too long: for a piece
 * of the body, or from its end to the answer. The time in which the browser sends nothing is not the API's.
 * @returns what to call when the answer has begun, or will not come
 */
export function sendBody(
  request: ClientRequest,
  body: Uint8Array | ReadableStream<Uint8Array> | undefined,
  timeoutMs: number,
): () => void {
  const clock = patience(request, timeoutMs);
  if (body instanceof ReadableStream) void sendStream(request, body, clock);
  else {
    clock.start();
    request.end(body);
  }
  return clock.stop;
}

interface Patience {
  readonly start: () => void;
  readonly pause: () => void;
  /** For good. */
  readonly stop: () => void;
}

function patience(request: ClientRequest, timeoutMs: number): Patience {
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

/**
 * After the API has answered, or hung up, the rest of the body is read all the same: a browser reads no answer before it has
 * sent everything.
 */
async function sendStream(request: ClientRequest, body: ReadableStream<Uint8Array>, clock: Patience): Promise<void> {
  try {
    for await (const piece of body) {
      if (request.destroyed || request.write(piece)) continue;
      clock.start();
      await taken(request);
      clock.pause();
    }
    clock.start();
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

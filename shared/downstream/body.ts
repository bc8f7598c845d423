import type { Readable } from "node:stream";
import { ConditionError } from "../core/errors.ts";

/**
 * The whole body of an answer.
 * @param signal that ends the exchange
 * @throws {ConditionError} `api_timeout` or `api_unavailable` when it breaks off
 */
export async function readBody(body: Readable, signal: AbortSignal): Promise<Buffer> {
  try {
    const pieces: Buffer[] = [];
    for await (const piece of body as AsyncIterable<Buffer>) pieces.push(piece);
    return Buffer.concat(pieces);
  } catch (error) {
    throw brokenOff(error, signal);
  }
}

/** The body of an answer as a stream, read as fast as its reader reads it. It fails as {@link readBody}. */
export function streamBody(body: Readable, signal: AbortSignal): ReadableStream<Uint8Array> {
  const pieces: AsyncIterator<Buffer, unknown> = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const next = await pieces.next();
          if (next.done === true) controller.close();
          else controller.enqueue(next.value);
        } catch (error) {
          controller.error(brokenOff(error, signal));
        }
      },
      // Not by the iterator: it would wait for the next piece first.
      cancel: () => void body.destroy(),
    },
    { highWaterMark: 0 },
  );
}

/**
 * What it stands for that an answer did not come to its end: its time is up, the connection was lost, or its
 * compression is broken.
 */
function brokenOff(cause: unknown, signal: AbortSignal): ConditionError {
  const code = signal.aborted ? "api_timeout" : "api_unavailable";
  return new ConditionError(code, "The answer broke off. Try again in a moment.", { cause });
}

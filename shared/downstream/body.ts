import type { Readable } from "node:stream";
import { ProblemError } from "../core/errors.ts";

/** Longer than anybody waits: Azure ends a request that has had no answer for this long. */
const longestMs = 230_000;

/**
 * Reads the whole body of an answer.
 * @param idleMs the longest pause between two pieces
 * @throws {ProblemError} `api_timeout` or `api_unavailable` when the body is not complete
 */
export async function readBody(body: Readable, idleMs: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const end = Date.now() + longestMs;
  for await (const piece of piecesOf(body, idleMs)) {
    pieces.push(piece);
    if (Date.now() > end) throw tooSlow();
  }
  return Buffer.concat(pieces);
}

/** The body of an answer as a stream, read as fast as its reader reads it. It fails as {@link readBody}. */
export function streamBody(body: Readable, idleMs: number): ReadableStream<Uint8Array> {
  const pieces = piecesOf(body, idleMs);
  return new ReadableStream(
    {
      async pull(controller) {
        const next = await pieces.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      // Not by the iterator: it would wait for the next piece first.
      cancel: () => void body.destroy(),
    },
    { highWaterMark: 0 },
  );
}

/** The pieces as they come. The pause counts only while somebody waits for the next one. */
async function* piecesOf(body: Readable, idleMs: number): AsyncGenerator<Buffer, undefined> {
  const pieces: AsyncIterator<Buffer, unknown> = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(() => body.destroy(tooSlow()), idleMs);
      const next = await pieces.next().finally(() => clearTimeout(timer));
      if (next.done === true) return undefined;
      yield next.value;
    }
  } catch (error) {
    throw body.errored instanceof ProblemError ? body.errored : brokenOff(error);
  } finally {
    body.destroy();
  }
}

function tooSlow(): ProblemError {
  return new ProblemError("api_timeout", "The answer stopped before its end. Try again in a moment.");
}

/** The connection was lost, or the compression is broken. */
function brokenOff(cause: unknown): ProblemError {
  return new ProblemError("api_unavailable", "The answer was cut off. Try again in a moment.", { cause });
}

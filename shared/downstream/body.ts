import { ProblemError } from "../core/errors.ts";
import type { Readable } from "node:stream";

/** Longer than anybody waits: Azure ends a request that has had no answer for this long. */
const longestMs = 230_000;

export interface BodyLimits {
  /** How long it may pause. */
  readonly idleMs: number;
  /** Of the exchange: the reason why the app has ended it. */
  readonly ended: AbortSignal;
}

/**
 * Reads the whole body of an answer.
 * @throws {ProblemError} `api_timeout` or `api_unavailable` when the body is not complete, `answer_too_large` when it is longer
 *   than `maxBytes`
 */
export async function readBody(body: Readable, limits: BodyLimits, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const end = Date.now() + longestMs;
  let size = 0;
  const pause = setTimeout(() => body.destroy(tooSlow()), limits.idleMs);
  const { promise: complete, resolve, reject } = Promise.withResolvers<void>();
  body.on("data", (piece: Buffer) => {
    pause.refresh();
    size += piece.byteLength;
    if (size > maxBytes) reject(tooLarge(maxBytes));
    else if (Date.now() > end) reject(tooSlow());
    else pieces.push(piece);
  });
  body.on("end", resolve).on("error", reject);
  const closed = () => reject(unfinished);
  if (body.destroyed) closed();
  else body.on("close", closed);
  try {
    await complete;
    return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
  } catch (error) {
    throw failure(error, body, limits);
  } finally {
    clearTimeout(pause);
    body.destroy();
  }
}

/** One for all: most bodies close when they have come to their end, and nobody sees it. */
const unfinished = new Error("The answer ended before its end");

/**
 * The body of an answer as a stream, read as fast as its reader reads it.
 * @throws {ProblemError} `api_timeout` or `api_unavailable`, to its reader, when it does not come to its end
 */
export function streamBody(body: Readable, limits: BodyLimits): ReadableStream<Uint8Array> {
  const pieces = piecesOf(body, limits);
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
async function* piecesOf(body: Readable, limits: BodyLimits): AsyncGenerator<Buffer, undefined> {
  const pieces: AsyncIterator<Buffer, unknown> = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(() => body.destroy(tooSlow()), limits.idleMs);
      const next = await pieces.next().finally(() => clearTimeout(timer));
      if (next.done === true) return undefined;
      yield next.value;
    }
  } catch (error) {
    throw failure(error, body, limits);
  } finally {
    body.destroy();
  }
}

function failure(error: unknown, { errored }: Readable, { ended }: BodyLimits): unknown {
  if (ended.aborted) return ended.reason;
  if (error instanceof ProblemError) return error;
  return errored instanceof ProblemError ? errored : brokenOff(error);
}

export function tooLarge(maxBytes: number): ProblemError {
  const size = `${Math.floor(maxBytes / 1_048_576)} MiB`;
  return new ProblemError("answer_too_large", `It has more than ${size}, and Http__Streaming is off.`);
}

function tooSlow(): ProblemError {
  return new ProblemError("api_timeout", "The answer stopped half-way. Try again in a moment.");
}

/** The connection was lost, or the compression is broken. */
function brokenOff(cause: unknown): ProblemError {
  return new ProblemError("api_unavailable", "The answer broke off. Try again in a moment.", { cause });
}

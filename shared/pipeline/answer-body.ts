import type { Connection } from "./connection.ts";

/**
 * Turns a stream into a body that can be sent. With a connection, the body goes out as fast as the browser takes it: the
 * programming model writes without waiting, so it gets no more until then. A failure after the first bytes is passed to
 * `onFailure`, and breaks the answer off. Without a connection, the stream is read to its end first.
 * @throws whatever the stream fails with before its first bytes, and without a connection at any time
 */
export async function sendableBody(
  body: ReadableStream<Uint8Array>,
  connection: Connection | undefined,
  onFailure: (error: unknown) => void,
): Promise<Uint8Array | ReadableStream<Uint8Array>> {
  return connection === undefined ? new Response(body).bytes() : pacedBody(body, connection, onFailure);
}

async function pacedBody(
  body: ReadableStream<Uint8Array>,
  connection: Connection,
  onFailure: (error: unknown) => void,
): Promise<ReadableStream<Uint8Array>> {
  const reader = body.getReader();
  const giveUp = () => void reader.cancel().catch(() => undefined);
  if (connection.gone.aborted) giveUp();
  connection.gone.addEventListener("abort", giveUp);
  let next = await reader.read();
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    try {
      await connection.drained();
      if (next.done || connection.gone.aborted) {
        connection.gone.removeEventListener("abort", giveUp);
        controller.close();
        return;
      }
      controller.enqueue(next.value);
      next = await reader.read();
    } catch (error) {
      // Not by the stream: the programming model would leave the connection open without an end.
      if (!connection.gone.aborted) onFailure(error);
      connection.endAbruptly();
      controller.close();
    }
  };
  return new ReadableStream({ pull, cancel: giveUp }, { highWaterMark: 0 });
}

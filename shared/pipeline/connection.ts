import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * One invocation's connection to the browser, if the app uses HTTP streams (`Http__Streaming`). The programming model does not
 * hand out Node's request and response; they are found by the id that the Functions host gives them.
 */
export interface Connection {
  /** The request as the host has forwarded it: see `request-as-sent.ts`. */
  readonly request: IncomingMessage;
  /** Aborts when the browser goes away, or gives up, before it has the whole answer. */
  readonly gone: AbortSignal;
  /** Resolves when the browser has taken enough of the answer for more of it to be written, or has gone. */
  drained(): Promise<void>;
  /**
   * Breaks the answer off, so that the browser cannot mistake it for complete: the connection is reset or, if nothing of the
   * answer has been sent, the browser gets an empty 500.
   */
  endAbruptly(): void;
}

const invocationIdHeader = "x-ms-invocation-id";

/** If a browser has gone before its invocation begins, the invocation runs all the same. */
const keptAfterCloseMs = 60_000;

const connections = new Map<string, Connection>();

/** From now on {@link connectionOf} knows every request that the host forwards. For an app with HTTP streams, once. */
export function watchConnections(): void {
  subscribe("http.server.request.start", (message) => {
    const { request, response } = message as { readonly request: IncomingMessage; readonly response: ServerResponse };
    const id = request.headers[invocationIdHeader];
    if (typeof id === "string") keep(id, connectionFor(request, response), response);
  });
}

/** The connection of an invocation that has begun; undefined without HTTP streams. */
export function connectionOf(invocationId: string): Connection | undefined {
  return connections.get(invocationId);
}

function keep(id: string, connection: Connection, response: ServerResponse): void {
  connections.set(id, connection);
  const forget = () => {
    // The host may have sent the request once more in the meantime.
    if (connections.get(id) === connection) connections.delete(id);
  };
  response.once("close", () => {
    if (response.writableFinished) forget();
    else setTimeout(forget, keptAfterCloseMs).unref();
  });
}

function connectionFor(request: IncomingMessage, response: ServerResponse): Connection {
  const leaving = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) leaving.abort();
  });
  return {
    request,
    gone: leaving.signal,
    drained: async () => drained(response),
    endAbruptly: () => endAbruptly(response),
  };
}

async function drained(response: ServerResponse): Promise<void> {
  if (!response.writableNeedDrain || response.destroyed) return;
  const settled = Promise.withResolvers<void>();
  response.once("drain", settled.resolve).once("close", settled.resolve);
  await settled.promise;
  response.off("drain", settled.resolve).off("close", settled.resolve);
}

function endAbruptly(response: ServerResponse): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  // A request whose answer has not begun would be sent again by the host, and never be answered.
  response.flushHeaders();
  response.socket?.destroySoon();
}

import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";

const waiting = new WeakSet<IncomingMessage>();

/**
 * Makes browsers with `Expect: 100-continue` wait until their body is needed. Node would tell them to continue at once.
 */
export function holdContinue(server: Server, listener: RequestListener): void {
  server.on("checkContinue", (request, response) => {
    waiting.add(request);
    // After a final answer, it is unknown whether the body still comes, so the connection cannot be used again.
    response.setHeader("Connection", "close");
    listener(request, response);
  });
}

/** The body is about to be read. */
export function continueBody(request: IncomingMessage, response: ServerResponse): void {
  if (!waiting.delete(request)) return;
  response.removeHeader("Connection");
  response.writeContinue();
}

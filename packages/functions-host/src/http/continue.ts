import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";

const waiting = new WeakSet<IncomingMessage>();

/** Has browsers with `Expect: 100-continue` wait until somebody wants their body, where Node would tell them to go on at once. */
export function holdContinue(server: Server, listener: RequestListener): void {
  server.on("checkContinue", (request, response) => {
    waiting.add(request);
    // Whether the body comes after a final answer is open, so the connection is of no more use then.
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

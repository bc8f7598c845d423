import { request as overHttp, type Agent, type IncomingHttpHeaders, type RequestOptions } from "node:http";
import { request as overTls } from "node:https";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request, its parts ready to be sent. */
export type Get = Pick<RequestOptions, "protocol" | "hostname" | "port" | "path" | "headers"> & {
  readonly agent: Agent;
};

/** One for all: most connections close when they have been answered, and nobody sees it. */
const unanswered = new Error("The connection ended without an answer");

/**
 * Sends a GET request and reads the whole answer. It does nothing more than that, because an API call waits for it: it decodes
 * nothing, follows no redirect and repeats nothing.
 * @throws when the connection breaks, or `signal` aborts
 */
export async function httpGet(get: Get, signal: AbortSignal): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const request = (get.protocol === "https:" ? overTls : overHttp)(get, (response) => {
    const pieces: Buffer[] = [];
    response.on("data", (piece: Buffer) => pieces.push(piece));
    response.on("error", reject);
    response.on("end", () => {
      const { statusCode: status = 0, headers } = response;
      resolve({ status, headers, body: Buffer.concat(pieces).toString() });
    });
  });
  const stop = () => request.destroy(new Error("Nobody waits for the answer any more"));
  // The option `signal` of `request` takes as much time as the request itself.
  signal.addEventListener("abort", stop);
  request.on("error", reject);
  // If the server switches protocols, the connection closes without an error.
  request.on("close", () => reject(unanswered));
  if (signal.aborted) stop();
  else request.end();
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

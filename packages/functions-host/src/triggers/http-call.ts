import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestHead } from "../http/request.ts";
import type { RouteMatch } from "../http/router.ts";
import type { HttpFunction } from "./http-function.ts";

/** A request that has found its function, and what answers it. */
export interface HttpCall {
  readonly match: RouteMatch<HttpFunction>;
  readonly head: RequestHead;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The host is stopping: the connection is to end with the answer. */
  readonly isClosing: () => boolean;
}

/** The outcome of a call, for the log. */
export interface HttpOutcome {
  readonly invocationId: string;
  /** The status that was sent, or 499 if the caller has disconnected. */
  readonly status: number;
  readonly failure?: Error;
}

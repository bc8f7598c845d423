/** Microsoft Graph gave no answer that is of use. */
export class GraphError extends Error {
  readonly code = "graph_failed";
  /** For the log: the status of the answer, or the code of what has failed instead. */
  readonly reason: string;
  /** Seconds that Microsoft Graph asks to wait for; 0 if it does not ask. */
  readonly retryAfterSeconds: number;

  constructor(reason: string, retryAfterSeconds = 0, cause?: unknown) {
    super(`Microsoft Graph: ${reason}`, { cause });
    this.name = "GraphError";
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

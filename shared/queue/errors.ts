/**
 * The queue could not be reached, or has refused. If only the answer was lost, a message that was to be written may be there
 * all the same.
 */
export class QueueUnavailableError extends Error {
  readonly code = "queue_unavailable";
  /** For the log: which operation, on which queue. */
  readonly operation: string;
  /** Status of the answer, or the code of the network error; "no answer" if there was neither. */
  readonly reason: string;

  constructor(operation: string, cause: unknown) {
    super(`The queue does not do it: ${operation}`, { cause });
    this.name = "QueueUnavailableError";
    this.operation = operation;
    this.reason = reasonOf(cause);
  }
}

function reasonOf(error: unknown): string {
  const { statusCode, code } = partsOf(error);
  if (typeof statusCode === "number") return String(statusCode);
  if (typeof code === "string") return code;
  return error instanceof Error && error.name !== "Error" ? error.name : "no answer";
}

/** Status of a refusal by the service; undefined if there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const { statusCode } = partsOf(error);
  return typeof statusCode === "number" ? statusCode : undefined;
}

function partsOf(error: unknown): { statusCode?: unknown; code?: unknown } {
  return typeof error === "object" && error !== null ? error : {};
}

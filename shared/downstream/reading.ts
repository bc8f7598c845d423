import { ProblemError } from "../core/errors.ts";

/**
 * The error to answer with when a handler has thrown `error`: `api_timeout` if the request's time was up, otherwise `error`
 * itself.
 */
export function readingError(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted && isAbort(error, signal)) {
    return new ProblemError("api_timeout", "Try again in a moment.", { cause: error });
  }
  return error;
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof DOMException && error.name === "AbortError");
}

import { ProblemError } from "../core/errors.ts";

/**
 * What an error stands for that came up while a handler worked: what did not end in the request's time is a timeout, everything
 * else stays what it is.
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

import { ConditionError } from "../core/errors.ts";

/**
 * What an error stands for that came up while a handler worked: an API's answer that broke off or did not end in time is
 * the API's failure, everything else stays what it is.
 */
export function readingError(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted && isAbort(error, signal)) {
    return new ConditionError("api_timeout", "Try again in a moment.", { cause: error });
  }
  // What fetch calls a body whose connection is lost or whose compression is broken.
  if (error instanceof TypeError && error.message === "terminated") {
    return new ConditionError("api_unavailable", "The answer broke off. Try again in a moment.", { cause: error });
  }
  return error;
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof DOMException && error.name === "AbortError");
}

/** An error of the worker itself. The programming model distinguishes it from the app's own errors by the flag. */
export class WorkerSystemError extends Error {
  readonly isAzureFunctionsSystemError = true;
}

/** An unknown hook name; the programming model looks for a `RangeError` with the flag. */
export class UnknownHookError extends RangeError {
  readonly isAzureFunctionsSystemError = true;
}

/** An assignment to a property that hooks may only read. */
export class ReadOnlyError extends TypeError {
  readonly isAzureFunctionsSystemError = true;
  constructor(property: string) {
    super(`"${property}" can be read but not replaced`);
  }
}

/** The thrown value, as an `Error`. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(describeError(thrown));
}

/** The thrown value as text for the log: the stack, if there is one. */
export function describeError(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.stack ?? `${thrown.name}: ${thrown.message}`;
  if (typeof thrown === "string") return thrown;
  if (thrown === undefined || thrown === null) return "unknown error";
  try {
    return JSON.stringify(thrown) ?? typeof thrown;
  } catch {
    return typeof thrown;
  }
}

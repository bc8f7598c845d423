/** An error of the worker itself; the programming model tells these from the app's own by the flag. */
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

/** Whatever was thrown, as an `Error`. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(describeError(thrown));
}

/** Whatever was thrown, as text for the log: the stack when there is one. */
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

import { ProblemError } from "../core/errors.ts";

/** The store could not be asked, or its answer is unknown after every retry. Nothing may be concluded from it. */
export class StoreUnavailableError extends ProblemError {
  /** For the log: which operation, on which container. */
  readonly operation: string;

  constructor(operation: string, cause?: unknown) {
    super("store_unavailable", "Nothing was lost. Try again in a moment.", { cause });
    this.name = "StoreUnavailableError";
    this.operation = operation;
  }
}

/** A write that may have been committed, may never be, or may yet be: its answer was lost, and it must not be repeated. */
export class LostWriteError extends StoreUnavailableError {}

/** The store takes no document of this size (413): repeating it cannot help. */
export class DocumentTooLargeError extends ProblemError {
  constructor(cause: unknown) {
    super("session_too_large", "The account store does not accept a document of this size.", { cause });
    this.name = "DocumentTooLargeError";
  }
}

/** A document was changed by others more often than the retries allow. */
export class StoreContentionError extends ProblemError {
  constructor() {
    super("store_contention", "Nothing was lost. Try again in a moment.");
    this.name = "StoreContentionError";
  }
}

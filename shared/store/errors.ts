import { ProblemError } from "../core/errors.ts";

/** The store could not be reached, or its answer is unknown after every retry. It says nothing about the document. */
export class StoreUnavailableError extends ProblemError {
  /** For the log: which operation, on which container. */
  readonly operation: string;

  constructor(operation: string, cause?: unknown) {
    super("store_unavailable", "Nothing was lost. Try again in a moment.", { cause });
    this.name = "StoreUnavailableError";
    this.operation = operation;
  }
}

/** The answer to a write was lost. The write may have been committed, may be later, or never; it must not be repeated. */
export class LostWriteError extends StoreUnavailableError {}

/** The store accepts no document of this size (413). Trying again cannot help. */
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

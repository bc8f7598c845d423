/** The problems that can end a run. The codes are part of the interface: scripts decide by them. */
export type FailureCode =
  | "usage"
  | "not_signed_in"
  | "insufficient_privileges"
  | "throttled"
  | "graph_unreachable"
  | "graph_unavailable"
  | "graph_refused"
  | "tenant_differs"
  | "application_not_found"
  | "name_taken"
  | "unique_name_taken"
  | "base_url_differs"
  | "resource_unknown"
  | "scope_unknown"
  | "managed_identity_unknown"
  | "managed_identity_unsuitable"
  | "federated_credential_conflict"
  | "not_visible_yet";

/** A run that failed. The message says what to do about it, and holds no secret. */
export class AppRegistrationError extends Error {
  readonly code: FailureCode;
  /** What had been written before the failure. It stays, and the next run continues from there. */
  readonly done: readonly string[];

  constructor(code: FailureCode, message: string, options: { cause?: unknown; done?: readonly string[] } = {}) {
    super(message, { cause: options.cause });
    this.name = "AppRegistrationError";
    this.code = code;
    this.done = options.done ?? [];
  }
}

/** The same failure, with what had been written before it. Any other error is returned as it is. */
export function withProgress(error: unknown, done: readonly string[]): unknown {
  if (!(error instanceof AppRegistrationError)) return error;
  return new AppRegistrationError(error.code, error.message, { cause: error, done });
}

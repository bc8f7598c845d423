import { AppRegistrationError } from "./errors.ts";

/** An answer of Graph that is not a success. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Codes of `error.details`, where Graph says more. */
  readonly detailCodes: readonly string[];
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
}

/** Reads the error envelope `{"error":{"code","message","innerError"}}`. A body of another form is not an error. */
export function readRefusal(status: number, headers: Headers, body: unknown): Refusal {
  const error = property(body, "error");
  const details = property(error, "details");
  return {
    status,
    code: text(property(error, "code")) ?? "",
    message: text(property(error, "message")) ?? `HTTP status ${status}`,
    detailCodes: Array.isArray(details) ? details.flatMap((detail) => text(property(detail, "code")) ?? []) : [],
    requestId: headers.get("request-id") ?? text(property(property(error, "innerError"), "request-id")),
    retryAfterMs: readRetryAfter(headers.get("retry-after")),
  };
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
function readRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/**
 * Whether the requested object does not exist, or not yet: replicas of the directory lag behind writes, for example
 * when a service principal is created for an application that was just created.
 */
export function isMissing({ status, detailCodes, message }: Refusal): boolean {
  if (status === 404) return true;
  // The detail is the best evidence, but not every answer has it.
  return (
    status === 400 && (detailCodes.includes("NoBackingApplicationObject") || /valid application obj/.test(message))
  );
}

/** Whether the same request may succeed a little later. */
export function isPassing({ status, code }: Refusal): boolean {
  return status === 429 || status >= 500 ? status !== 501 : code === "Directory_ConcurrencyViolation";
}

/**
 * The failure as the operator is told.
 * @param purpose what the request was for, to complete "could not …"
 */
export function toFailure(purpose: string, refusal: Refusal): AppRegistrationError {
  const { status, code, requestId } = refusal;
  const said = `${code || status}: ${refusal.message}${requestId === undefined ? "" : ` (request-id ${requestId})`}`;
  if (status === 401) {
    return new AppRegistrationError(
      "not_signed_in",
      `Microsoft Graph did not accept the sign-in. Sign in again, for example with: az login\n${said}`,
    );
  }
  if (status === 403) {
    return new AppRegistrationError("insufficient_privileges", `Not allowed to ${purpose}.\n${privileges}\n${said}`);
  }
  if (status === 429) {
    const wait = refusal.retryAfterMs === undefined ? "in some minutes" : `in ${refusal.retryAfterMs / 1000} s`;
    return new AppRegistrationError("throttled", `Microsoft Graph is throttling. Run again ${wait}.\n${said}`);
  }
  if (status >= 500 && status !== 501) {
    return new AppRegistrationError("graph_unavailable", `Microsoft Graph could not ${purpose}. Run again.\n${said}`);
  }
  if (isTakenUniqueName(refusal)) return new AppRegistrationError("unique_name_taken", `${takenUniqueName}\n${said}`);
  if (isTakenCredential(refusal)) {
    return new AppRegistrationError(
      "federated_credential_conflict",
      `Could not ${purpose}: there is another.\n${said}`,
    );
  }
  return new AppRegistrationError("graph_refused", `Microsoft Graph refused to ${purpose}.\n${said}`);
}

/** A conflict that is reported with 400. */
function isTakenUniqueName({ status, message }: Refusal): boolean {
  return status === 400 && /\buniqueName already exists/.test(message);
}

function isTakenCredential({ status, code, message }: Refusal): boolean {
  return code === "InvalidFederatedIdentityCredentialValue" && status === 400 && /must be unique/.test(message);
}

const takenUniqueName =
  "A registration with this name exists but cannot be found. If it was created moments ago, run again in a minute. If " +
  "it was deleted\nless than 30 days ago, it keeps its name: restore it or delete it for good (App registrations, " +
  "Deleted applications).";

const privileges =
  "You must own the registration or have the role Application Developer; for a multi-tenant one, Cloud Application " +
  "Administrator.\nA service principal needs the application permission Application.ReadWrite.OwnedBy.";

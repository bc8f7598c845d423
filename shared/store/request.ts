import { backOff, withinTime } from "../core/waiting.ts";
import { addRequestUnits, dependency } from "../telemetry/activity.ts";
import { measure } from "../telemetry/metrics.ts";
import { DocumentTooLargeError, LostWriteError, StoreUnavailableError } from "./errors.ts";

const maxAttempts = 5;
const attemptTimeoutMs = 2_000;

/** The refusals that point operations tell apart. */
export type StoreAnswer = "not found" | "exists" | "precondition failed";

/** A definite answer of the store that is not success. */
export class StoreAnswerError extends Error {
  readonly answer: StoreAnswer;

  constructor(answer: StoreAnswer) {
    super(answer);
    this.answer = answer;
  }
}

const answers: Readonly<Record<number, StoreAnswer>> = { 404: "not found", 409: "exists", 412: "precondition failed" };
/**
 * Substatus codes of a 404 that is not about the document: the database or the container is missing, or the replica is behind.
 * It must not be taken to mean that the document was deleted.
 */
const unrelatedToDocument: ReadonlySet<number> = new Set([1002, 1003]);

/** @throws if a 404 is not about the document */
export function refuseMissingContainer(substatus: number | undefined): void {
  if (substatus !== undefined && unrelatedToDocument.has(substatus)) {
    throw Object.assign(new Error("The database or container could not be found"), { code: 404, substatus });
  }
}

/** The request itself is wrong or not allowed: asking again cannot help. */
const wrongRequest = new Set([400, 401, 403]);

/** Answers that say for certain that nothing was written. */
const notWritten = new Set([429, 449]);

/**
 * Runs one request until the store gives a definite answer. Busy, unreachable and unreadable answers are retried
 * with jittered backoff, a bounded number of times and never past `signal`. The SDK's own retries are not enough:
 * it never repeats 449, gives up on writes at once, and repeats a read that timed out for minutes.
 *
 * A repeated write may find that an earlier attempt was committed although its answer was lost: the caller has to tell that
 * apart.
 * @param repeat "unwritten": repeats only after answers that say that nothing was written
 * @param unanswered is called when an attempt brought no answer, or 503: the store's region may be in trouble
 * @throws {StoreAnswerError} for 404, 409 and 412
 * @throws {DocumentTooLargeError} for 413
 * @throws {LostWriteError} for any other failure when only unwritten requests are repeated
 * @throws {StoreUnavailableError} when no attempt brought a definite answer
 */
export async function untilAnswered<T>(
  operation: string,
  signal: AbortSignal,
  request: (signal: AbortSignal) => Promise<T>,
  repeat: "always" | "unwritten" = "always",
  unanswered?: () => void,
): Promise<T> {
  let lastError: unknown;
  for (let attempt = 1; attempt <= maxAttempts && !signal.aborted; attempt++) {
    try {
      // The SDK sleeps between its own retries without looking at its signal, so the wait is bounded, too.
      return await observed(operation, () => withinTime(signal, attemptTimeoutMs, request));
    } catch (error) {
      throwIfDefinite(operation, error);
      if ((partsOf(error).status ?? 503) === 503) unanswered?.();
      if (repeat === "unwritten" && mayBeWritten(error)) throw new LostWriteError(operation, error);
      lastError = error;
      if (attempt === maxAttempts) break;
      measure("bff.store.retries", 1, { operation });
      await backOff(attempt, partsOf(error).retryAfterMs, signal);
    }
  }
  throw new StoreUnavailableError(operation, lastError);
}

/** Throws what a definite answer means. */
function throwIfDefinite(operation: string, error: unknown): void {
  const { status, substatus } = partsOf(error);
  if (status === undefined) return;
  const answer = unrelatedToDocument.has(substatus) ? undefined : answers[status];
  if (answer) throw new StoreAnswerError(answer);
  if (status === 413) throw new DocumentTooLargeError(error);
  if (wrongRequest.has(status)) throw new StoreUnavailableError(operation, error);
}

function mayBeWritten(error: unknown): boolean {
  const { status } = partsOf(error);
  return status === undefined || !notWritten.has(status);
}

/**
 * Runs one request to the store, records it as a dependency, and adds its request units to those of the invocation. Refusals
 * cost request units, too.
 * @param operation for example "read in accounts"
 */
export async function observed<T>(operation: string, request: () => Promise<T>): Promise<T> {
  const [act = operation, container = operation] = operation.split(" in ");
  const asked = {
    "db.system.name": "azure.cosmosdb",
    "db.operation.name": act,
    "db.collection.name": container,
  };
  return dependency({ name: operation, attributes: asked }, request, (outcome) => {
    const { status, substatus, requestUnits } = partsOf("value" in outcome ? outcome.value : outcome.error);
    addRequestUnits(requestUnits);
    if (status !== undefined) measure("bff.store.request_units", requestUnits, { operation });
    const success = status !== undefined && (status < 400 || answers[status] !== undefined);
    const attributes = {
      "db.response.status_code": String(status ?? 0),
      "azure.cosmosdb.operation.request_charge": requestUnits,
      ...(substatus > 0 && { "azure.cosmosdb.response.sub_status_code": substatus }),
    };
    return { success, attributes };
  });
}

interface Parts {
  /** Of an HTTP answer; undefined if there was none. */
  readonly status: number | undefined;
  /** What a refusal is about, where the store says more than its status; else 0. */
  readonly substatus: number;
  /** `x-ms-request-charge`. */
  readonly requestUnits: number;
  readonly retryAfterMs: number;
}

/** What the SDK's responses and errors have in common. */
function partsOf(answer: unknown): Parts {
  const { statusCode, code, substatus, headers, retryAfterInMs } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  const status = statusCode ?? code;
  const charge = (headers as Readonly<Record<string, unknown>> | undefined)?.["x-ms-request-charge"];
  return {
    status: typeof status === "number" ? status : undefined,
    substatus: numberOr0(substatus),
    requestUnits: numberOr0(Number(charge)),
    retryAfterMs: numberOr0(retryAfterInMs),
  };
}

function numberOr0(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

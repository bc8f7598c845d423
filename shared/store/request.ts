import { withinDeadline } from "../core/deadline.ts";
import { addRequestUnits, count, dependency, type Outcome } from "../telemetry/activity.ts";
import { recording } from "../telemetry/recorder.ts";
import { DocumentTooLargeError, LostWriteError, StoreUnavailableError } from "./errors.ts";
import { backOff } from "../core/backoff.ts";

const maxAttempts = 5;
const attemptTimeoutMs = 2_000;

/** What the store said, as far as it matters to a caller of a point operation. */
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
 * Substatus of a 404 that says that the database or the container is missing, or this replica behind: nothing is known
 * about the document then, least of all that it was deleted.
 */
const unrelatedToDocument = new Set([1002, 1003]);

/** @throws if a 404 is not about the document */
export function refuseMissingContainer(substatus: number | undefined): void {
  if (substatus !== undefined && unrelatedToDocument.has(substatus)) {
    throw Object.assign(new Error("The database or container could not be found"), { code: 404, substatus });
  }
}

/** The request itself is wrong or not allowed: asking again cannot help. */
const hopeless = new Set([400, 401, 403]);

/** Answers that say for certain that nothing was written. */
const notWritten = new Set([429, 449]);

/**
 * Runs one request until the store gives a definite answer. Busy, unreachable and unreadable answers are retried
 * with jittered backoff, a bounded number of times and never past `signal`. The SDK's own retries are not enough:
 * it never repeats 449, gives up on writes at once, and repeats a read that timed out for minutes.
 *
 * A repeated write may find that an earlier attempt was committed although its answer was lost; telling that apart
 * is the caller's part.
 * @param repeat "unwritten": only after answers that say that nothing was written
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
): Promise<T> {
  let lastError: unknown;
  for (let attempt = 1; attempt <= maxAttempts && !signal.aborted; attempt++) {
    try {
      return await observed(operation, () => bounded(signal, request));
    } catch (error) {
      const { code: status, substatus } = partsOf(error);
      const isAboutDocument = !(typeof substatus === "number" && unrelatedToDocument.has(substatus));
      const answer = typeof status === "number" && isAboutDocument ? answers[status] : undefined;
      if (answer) throw new StoreAnswerError(answer);
      if (status === 413) throw new DocumentTooLargeError(error);
      if (typeof status === "number" && hopeless.has(status)) throw new StoreUnavailableError(operation, error);
      const mayBeWritten = typeof status !== "number" || !notWritten.has(status);
      if (repeat === "unwritten" && mayBeWritten) throw new LostWriteError(operation, error);
      lastError = error;
      if (attempt === maxAttempts) break;
      count("bff.store.retries", { operation });
      await backOff(attempt, retryAfterMs(error), signal);
    }
  }
  throw new StoreUnavailableError(operation, lastError);
}

/** One attempt. The SDK sleeps between its own retries without looking at the signal, so the wait is bounded here. */
async function bounded<T>(outer: AbortSignal, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.any([outer, AbortSignal.timeout(attemptTimeoutMs)]);
  return withinDeadline(signal, request(signal));
}

function partsOf(error: unknown): { code?: unknown; substatus?: unknown } {
  return typeof error === "object" && error !== null ? error : {};
}

function retryAfterMs(error: unknown): number {
  const value = (error as { retryAfterInMs?: unknown } | undefined)?.retryAfterInMs;
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

/** Answers that a caller of a point operation expects. */
const expectedStatus = new Set([404, 409, 412]);

/**
 * Runs one request to the store as a dependency of the invocation, and adds what it cost to what the invocation has
 * spent. Refusals cost, too.
 * @param operation for example "read in accounts"
 */
export async function observed<T>(operation: string, request: () => Promise<T>): Promise<T> {
  const target = operation.split(" in ").at(-1) ?? operation;
  return dependency({ type: "azure.cosmosdb", name: operation, target }, request, (outcome) => {
    const { status, substatus, requestUnits } = costOf(outcome);
    addRequestUnits(requestUnits);
    if (status !== undefined) recording()?.measure("bff.store.request_units", requestUnits, { operation });
    const success = status !== undefined && (status < 400 || expectedStatus.has(status));
    return { success, resultCode: String(status ?? 0), attributes: { requestUnits, ...substatus } };
  });
}

interface Cost {
  readonly status: number | undefined;
  /** What a refusal is about, where the store says more than its status. */
  readonly substatus: { readonly substatus?: number };
  readonly requestUnits: number;
}

/** Status and `x-ms-request-charge` of the SDK's responses and errors. */
function costOf(outcome: Outcome<unknown>): Cost {
  const { statusCode, code, substatus, headers } = ("value" in outcome ? outcome.value : (outcome.error ?? {})) as {
    statusCode?: unknown;
    code?: unknown;
    substatus?: unknown;
    headers?: Record<string, unknown>;
  };
  const status = statusCode ?? code;
  const requestUnits = Number(headers?.["x-ms-request-charge"]);
  return {
    status: typeof status === "number" ? status : undefined,
    substatus: typeof substatus === "number" && substatus > 0 ? { substatus } : {},
    requestUnits: Number.isFinite(requestUnits) ? requestUnits : 0,
  };
}

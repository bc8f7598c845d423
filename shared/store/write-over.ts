import { settledWith, type Attempt } from "./contention.ts";
import { StoreUnavailableError } from "./errors.ts";
import type { PointOperations, Stored, Unwritten, Versioned } from "./point-operations.ts";

/**
 * One attempt of `untilSettled` for a document that is changed or, where there is none, created. Only for documents that lead to
 * no session by themselves: if the answer to a creation is lost, it is written again, and the lost one may still arrive.
 * @param current the version to write over; undefined to create the document
 * @param result of the attempt, if the document is written
 */
export async function writeOver<T extends Stored, R>(
  operations: PointOperations<T>,
  document: Unwritten<T>,
  current: Pick<Versioned<T>, "etag"> | undefined,
  result: R,
  signal: AbortSignal,
): Promise<Attempt<T, R>> {
  const answer = current
    ? await operations.replace(document, current.etag, signal)
    : await operations.create(document, signal);
  switch (answer.outcome) {
    case "created":
    case "replaced":
      return settledWith(result);
    case "conflict":
      return { outcome: "refused", current: answer.current };
    case "gone":
      return { outcome: "refused", current: undefined };
    case "lost":
      return { outcome: "refused", current: undefined, failure: new StoreUnavailableError("create: no answer") };
  }
}

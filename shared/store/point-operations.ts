import type { Container } from "@azure/cosmos";
import { randomBase64Url } from "../core/encoding.ts";
import { measure } from "../telemetry/metrics.ts";
import { storeClock, timed, type StoreClock } from "./clock.ts";
import type { DirectRead } from "./direct-reads.ts";
import { LostWriteError, StoreUnavailableError } from "./errors.ts";
import { formatVersion, isKnownFormat } from "./format.ts";
import type { ReadAnswer } from "./read-answer.ts";
import { readRegions, type ReadRegion, type ReadRegions } from "./read-regions.ts";
import { refuseMissingContainer, StoreAnswerError, untilAnswered, type StoreAnswer } from "./request.ts";

/** What every stored document has, besides its `version`. `ttl` is in seconds. `writeId` is new on every write. */
export interface Stored {
  readonly id: string;
  readonly ttl: number;
  readonly writeId: string;
}

export interface Versioned<T> {
  readonly document: T;
  readonly etag: string;
}

export type Unwritten<T extends Stored> = Omit<T, "writeId">;

/** Somebody else's write came first; `current` is what they left, so that the caller need not read again. */
export interface Conflict<T> {
  readonly outcome: "conflict";
  readonly current: Versioned<T>;
}

export interface Settled<Outcome extends string> {
  readonly outcome: Outcome;
}

/** A completed write, with the version that it made, if the store's answer named it. */
export interface Written<Outcome extends string> extends Settled<Outcome> {
  readonly etag: string | undefined;
}

/**
 * The only four things this app does with Azure Cosmos DB. There is no upsert: with If-Match on a missing document
 * it creates the document, which would bring back an account that has signed out.
 */
export interface PointOperations<T extends Stored> {
  read(id: string, signal: AbortSignal): Promise<Versioned<T> | undefined>;
  /**
   * "gone": the document was there a moment ago, but is no longer; the caller may try again. "lost": the answer was lost, and
   * the document is not there. The request may still arrive, even after a later delete, so these contents may appear at any
   * time.
   */
  create(
    document: Unwritten<T>,
    signal: AbortSignal,
  ): Promise<Written<"created"> | Settled<"gone" | "lost"> | Conflict<T>>;
  /** "gone": the document was deleted. It stays deleted. */
  replace(
    document: Unwritten<T>,
    etag: string,
    signal: AbortSignal,
  ): Promise<Written<"replaced"> | Settled<"gone"> | Conflict<T>>;
  /** Without `etag`, any version is deleted. "gone": there was none. */
  delete(id: string, etag: string | undefined, signal: AbortSignal): Promise<Settled<"deleted" | "gone"> | Conflict<T>>;
}

export interface PointOperationsOptions<T> {
  /** Converts a stored document that `isDocument` rejects; without it, reading such a document fails. */
  readonly otherwise?: (stored: Readonly<Record<string, unknown>>) => T;
  /** Learns from every answer. */
  readonly clock?: StoreClock;
  /** Reads that need no SDK. Without it, every read is the SDK's. */
  readonly direct?: DirectRead;
  /** Regions of the database that can be read. */
  readonly regions?: ReadRegions;
}

/**
 * Point operations on one container with partition key `/id`. Each is retried until its outcome is known. A write
 * that was committed although its answer was lost is recognised by its `writeId`, so that it is neither reported as a
 * conflict nor done twice. All of them throw {@link StoreUnavailableError} when the outcome cannot be learned in time.
 */
export function pointOperations<T extends Stored>(
  container: Container,
  isDocument: (value: unknown) => value is T,
  { otherwise, clock = storeClock(), direct, regions = readRegions([]) }: PointOperationsOptions<T> = {},
): PointOperations<T> {
  const name = container.id;

  const readOnce = async (id: string, options: ReadOptions): Promise<ReadAnswer> => {
    const answer = direct && (await timed(clock, () => direct(id, options.abortSignal)));
    return answer ?? timed(clock, () => container.item(id, id).read<Record<string, unknown>>(options));
  };

  const read: PointOperations<T>["read"] = async (id, signal) => {
    let region: ReadRegion | undefined;
    const request = async (abortSignal: AbortSignal) => {
      region = regions.choose();
      const answer = await readOnce(id, { abortSignal, excludedLocations: region.excluded });
      if (answer.statusCode === 404) refuseMissingContainer(answer.substatus);
      else if (answer.resource?.["id"] !== id || !answer.etag) throw new Error("An answer without document or version");
      return answer;
    };
    const response = await untilAnswered(`read in ${name}`, signal, request, "always", () => region?.failed());
    if (response.resource === undefined) return undefined;
    const { resource, etag } = response;
    const isReadable = isKnownFormat(resource["version"]) && isDocument(resource);
    const document = isReadable ? resource : otherwise?.(resource);
    if (!document) throw new StoreUnavailableError(`read in ${name}: not a document of this app`);
    return { document, etag };
  };

  /** Finds out why a write was refused: an earlier attempt of ours was committed but its answer lost, or others wrote first. */
  const settleRefusal = async <Done extends string>(
    id: string,
    own: { writeId: string; outcome: Done } | undefined,
    signal: AbortSignal,
  ): Promise<Written<Done> | Settled<"gone"> | Conflict<T>> => {
    const current = await read(id, signal);
    if (!current) return { outcome: "gone" };
    if (own && current.document.writeId === own.writeId) return { outcome: own.outcome, etag: current.etag };
    measure("bff.store.conflicts", 1, { container: name });
    return { outcome: "conflict", current };
  };

  return {
    read,

    async create(unwritten, signal) {
      const document = toWrite(unwritten);
      const request = (abortSignal: AbortSignal) =>
        timed(clock, () => container.items.create(document, { abortSignal, disableAutomaticIdGeneration: true }));
      const answer = await write(`create in ${name}`, signal, request, "unwritten");
      if (typeof answer === "object") return { outcome: "created", etag: answer.etag };
      if (answer === "not found") throw new StoreUnavailableError(`create in ${name}: there is no such container`);
      const settled = await settleRefusal(document.id, { writeId: document.writeId, outcome: "created" }, signal);
      return answer === "lost" && settled.outcome === "gone" ? { outcome: "lost" } : settled;
    },

    async replace(unwritten, etag, signal) {
      const document = toWrite(unwritten);
      const accessCondition = { type: "IfMatch", condition: etag };
      const answer = await write(`replace in ${name}`, signal, (abortSignal) =>
        timed(clock, () =>
          container.item(document.id, document.id).replace(document, { abortSignal, accessCondition }),
        ),
      );
      if (typeof answer === "object") return { outcome: "replaced", etag: answer.etag };
      if (answer === "not found") return { outcome: "gone" };
      return settleRefusal(document.id, { writeId: document.writeId, outcome: "replaced" }, signal);
    },

    async delete(id, etag, signal) {
      const condition = etag === undefined ? {} : { accessCondition: { type: "IfMatch", condition: etag } };
      let attempts = 0;
      const answer = await write(`delete in ${name}`, signal, (abortSignal) => {
        attempts++;
        return timed(clock, () => container.item(id, id).delete({ abortSignal, ...condition }));
      });
      if (typeof answer === "object") return { outcome: "deleted" };
      // If an earlier attempt had no answer, that one has deleted the document, or somebody else at the same time.
      if (answer === "not found") return { outcome: attempts > 1 ? "deleted" : "gone" };
      return settleRefusal<"deleted">(id, undefined, signal);
    },
  };
}

type ReadOptions = { readonly abortSignal: AbortSignal; readonly excludedLocations: string[] };

function toWrite<T extends object>(unwritten: T): T & { readonly version: number; readonly writeId: string } {
  return { ...unwritten, version: formatVersion, writeId: randomBase64Url(9) };
}

/** Runs a write until the store's answer is definite, or lost. */
async function write(
  operation: string,
  signal: AbortSignal,
  request: (signal: AbortSignal) => Promise<{ readonly etag?: string }>,
  repeat?: "unwritten",
): Promise<{ readonly etag?: string } | "lost" | StoreAnswer> {
  try {
    return await untilAnswered(operation, signal, request, repeat);
  } catch (error) {
    if (error instanceof LostWriteError) return "lost";
    if (error instanceof StoreAnswerError) return error.answer;
    throw error;
  }
}

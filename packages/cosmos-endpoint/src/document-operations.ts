import { type Catalog, type Container, newEtag } from "./catalog.ts";
import type { DocumentRequest } from "./document-request.ts";
import type { DocumentKey, Documents, StoredDocument } from "./documents.ts";
import { partitionKeyOf } from "./partition-key.ts";
import { readCharge, writeCharge } from "./request-charge.ts";
import { documentRid } from "./resource-rids.ts";
import {
  type Answer,
  CosmosError,
  type JsonObject,
  Substatus,
  badRequest,
  errorAnswer,
  notImplemented,
  resourceAnswer,
} from "./responses.ts";
import { checkedTimeToLive, expiryOf } from "./time-to-live.ts";

/** The store's result. The charge is in request units. */
export interface Outcome {
  readonly answer: Answer;
  readonly requestCharge: number;
}

/**
 * Carries out one point operation, from looking up the document to the commit, without letting another request run in
 * between. This makes ETag comparisons atomic. It never throws because of what a client did.
 */
export type PerformDocumentRequest = (request: DocumentRequest) => Outcome;

interface Addressed {
  readonly request: DocumentRequest;
  readonly container: Container;
  readonly key: DocumentKey;
  readonly found: StoredDocument | undefined;
}

const MISS_CHARGE = readCharge(0);

/** Point operations on these documents. `now` is the time in seconds. */
export function documentOperations(catalog: Catalog, documents: Documents, now: () => number): PerformDocumentRequest {
  const operations = { read, create, upsert, replace, delete: remove };

  return function perform(request) {
    return answered(() => {
      const container = catalog.owner(request.database, request.container);
      const outcome = answered(() => {
        const key = { containerRid: container.rid, partitionKey: request.partitionKey, id: request.id };
        return operations[request.kind]({ request, container, key, found: documents.find(key) });
      });
      return withSession(outcome, container, request);
    });
  };

  function create(addressed: Addressed): Outcome {
    if (addressed.found !== undefined) throw new CosmosError(409, "A document with this id exists already.");
    return write(addressed, 201);
  }

  // If-Match does not prevent upsert from creating a document. This is the documented trap if a deleted document must
  // stay deleted.
  function upsert(addressed: Addressed): Outcome {
    if (addressed.found === undefined) return write(addressed, 201);
    checkPrecondition(addressed.request, addressed.found);
    return write(addressed, 200);
  }

  function replace(addressed: Addressed): Outcome {
    checkPartitionKey(addressed);
    if (addressed.request.document?.["id"] !== addressed.request.id) throw notImplemented("changing an id by replace");
    if (addressed.found === undefined) throw missing();
    checkPrecondition(addressed.request, addressed.found);
    return write(addressed, 200);
  }

  function remove({ request, key, found }: Addressed): Outcome {
    if (found === undefined) throw missing();
    checkPrecondition(request, found);
    documents.remove(key);
    return { answer: { status: 204, headers: {}, body: "" }, requestCharge: writeCharge(size(found.body)) };
  }

  function write(addressed: Addressed, status: number): Outcome {
    checkPartitionKey(addressed);
    const { container, found, key, request } = addressed;
    const timestamp = now();
    const expires = expiryOf(timestamp, container.definition.defaultTtl, checkedTimeToLive(request.document?.["ttl"]));
    const rid = found?.rid ?? documentRid(container.rid, documents.logSequenceNumber + 1);
    const etag = newEtag();
    const body = JSON.stringify({ ...request.document, ...systemProperties(container, rid, etag, timestamp) });
    documents.put(key, { rid, etag, expires, body });
    return { answer: resourceAnswer(status, body, etag), requestCharge: writeCharge(size(body)) };
  }

  function withSession(outcome: Outcome, container: Container, { database }: DocumentRequest): Outcome {
    const session = {
      "x-ms-session-token": `0:-1#${documents.logSequenceNumber}`,
      "x-ms-content-path": container.rid,
      "x-ms-alt-content-path": encodeURI(`dbs/${database}/colls/${container.id}`),
    };
    return { ...outcome, answer: { ...outcome.answer, headers: { ...outcome.answer.headers, ...session } } };
  }
}

function read({ request, found }: Addressed): Outcome {
  if (found === undefined) throw missing();
  if (request.ifNoneMatch !== undefined && matches(request.ifNoneMatch, found.etag)) {
    return { answer: resourceAnswer(304, "", found.etag), requestCharge: MISS_CHARGE };
  }
  return { answer: resourceAnswer(200, found.body, found.etag), requestCharge: readCharge(size(found.body)) };
}

function answered(operation: () => Outcome): Outcome {
  try {
    return operation();
  } catch (error) {
    if (!(error instanceof CosmosError)) throw error;
    return { answer: errorAnswer(error), requestCharge: MISS_CHARGE };
  }
}

function systemProperties(container: Container, rid: string, etag: string, timestamp: number): JsonObject {
  const self = `${container.selfLink}docs/${rid}/`;
  return { _rid: rid, _self: self, _etag: etag, _attachments: "attachments/", _ts: timestamp };
}

function checkPrecondition({ ifMatch }: DocumentRequest, found: StoredDocument): void {
  if (ifMatch !== undefined && !matches(ifMatch, found.etag)) {
    throw new CosmosError(412, "The document has changed: its ETag is not the one in If-Match.");
  }
}

function checkPartitionKey({ request, container }: Addressed): void {
  const extracted = partitionKeyOf(request.document ?? {}, container.definition.partitionKeyPath);
  if (extracted !== request.partitionKey) {
    const message = "The partition key in the document is not the one in the header x-ms-documentdb-partitionkey.";
    throw badRequest(message, Substatus.partitionKeyMismatch);
  }
}

function matches(condition: string, etag: string): boolean {
  return condition === "*" || condition === etag;
}

function missing(): CosmosError {
  return new CosmosError(404, "There is no document with this id and partition key.");
}

function size(text: string): number {
  return Buffer.byteLength(text);
}

import { LRUCache } from "lru-cache";

/** A document as an earlier read has returned it. */
export interface ReadDocument {
  readonly etag: string;
  readonly resource: Readonly<Record<string, unknown>>;
}

/** Documents that this instance has read, so that the next read need only ask whether they have changed. */
export interface ReadDocuments {
  get(path: string): ReadDocument | undefined;
  /** @param bytes length of its JSON */
  keep(path: string, document: ReadDocument, bytes: number): void;
  forget(path: string): void;
}

const maxBytes = 16 * 1024 * 1024;
/** Milliseconds after its last use at which a document is dropped. */
const maxIdleMs = 5 * 60_000;

/** Over 16 MB, the least recently used are dropped first. */
export function readDocuments(): ReadDocuments {
  const kept = new LRUCache<string, ReadDocument>({
    maxSize: maxBytes,
    ttl: maxIdleMs,
    updateAgeOnGet: true,
    ttlAutopurge: true,
  });
  return {
    get: (path) => kept.get(path),
    // Its members, as objects, take some more than its JSON.
    keep: (path, document, bytes) => void kept.set(path, document, { size: bytes + 1024 }),
    forget: (path) => void kept.delete(path),
  };
}

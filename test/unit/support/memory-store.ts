import { randomUUID } from "node:crypto";
import type { AccountDocument } from "../../../shared/account/document.ts";
import type { DirectoryState } from "../../../shared/account/directory-state.ts";
import type { NotBeforeDocument } from "../../../shared/account/not-before.ts";
import type { StoredEntry } from "../../../shared/account/stored-entry.ts";
import type { AccountStore } from "../../../shared/account/store.ts";
import type { PointOperations, Stored, Versioned } from "../../../shared/store/point-operations.ts";

export type OperationKind = "read" | "create" | "replace" | "delete";

/** The contract of `PointOperations` over a Map, with a record of what was asked and a hook to force interleavings. */
export interface MemoryOperations<T extends Stored> extends PointOperations<T> {
  readonly documents: ReadonlyMap<string, T>;
  readonly asked: readonly OperationKind[];
  /** Runs before an operation takes effect; what it throws is the operation's outcome. */
  before: (kind: OperationKind, id: string) => Promise<void> | void;
}

export interface MemoryStore extends AccountStore {
  readonly accounts: MemoryOperations<AccountDocument>;
  readonly sids: MemoryOperations<StoredEntry>;
  readonly directory: MemoryOperations<DirectoryState>;
  readonly notBefore: MemoryOperations<NotBeforeDocument>;
}

export function memoryStore(): MemoryStore {
  return {
    accounts: memoryOperations(),
    sids: memoryOperations(),
    directory: memoryOperations(),
    notBefore: memoryOperations(),
  };
}

export function memoryOperations<T extends Stored>(): MemoryOperations<T> {
  const kept = new Map<string, Versioned<T>>();
  const asked: OperationKind[] = [];
  const put = (unwritten: Omit<T, "writeId">) => {
    const document = { ...unwritten, writeId: randomUUID() } as unknown as T;
    const etag = `"${randomUUID()}"`;
    kept.set(document.id, { document, etag });
    return etag;
  };
  const begin = async (kind: OperationKind, id: string) => {
    asked.push(kind);
    await operations.before(kind, id);
  };
  const operations: MemoryOperations<T> = {
    asked,
    before: () => undefined,
    get documents() {
      return new Map([...kept].map(([id, { document }]) => [id, document]));
    },
    async read(id) {
      await begin("read", id);
      return kept.get(id);
    },
    async create(document) {
      await begin("create", document.id);
      const current = kept.get(document.id);
      if (current) return { outcome: "conflict", current };
      return { outcome: "created", etag: put(document) };
    },
    async replace(document, etag) {
      await begin("replace", document.id);
      const current = kept.get(document.id);
      if (!current) return { outcome: "gone" };
      if (current.etag !== etag) return { outcome: "conflict", current };
      return { outcome: "replaced", etag: put(document) };
    },
    async delete(id, etag) {
      await begin("delete", id);
      const current = kept.get(id);
      if (!current) return { outcome: "gone" };
      if (etag !== undefined && current.etag !== etag) return { outcome: "conflict", current };
      kept.delete(id);
      return { outcome: "deleted" };
    },
  };
  return operations;
}

/** Runs `action` before the first operation of this kind, once. */
export function once<T extends Stored>(
  operations: MemoryOperations<T>,
  kind: OperationKind,
  action: () => Promise<unknown> | void,
): void {
  operations.before = async (asked) => {
    if (asked !== kind) return;
    operations.before = () => undefined;
    await action();
  };
}

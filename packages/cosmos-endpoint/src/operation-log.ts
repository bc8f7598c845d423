/** What a request does to a document; `metadata` for requests about the account, databases and containers. */
export type OperationKind = "read" | "create" | "replace" | "upsert" | "delete" | "metadata";

/** One request as it was served. */
export interface Operation {
  readonly kind: OperationKind;
  readonly database: string;
  readonly container: string;
  /** The document's id; "" for metadata. */
  readonly id: string;
  /** The status sent; 0 when the connection was cut instead. */
  readonly status: number;
  /** The store's own status; 0 if a fault kept the request from the store. */
  readonly storeStatus: number;
  /** Request units. */
  readonly requestCharge: number;
  /** Milliseconds since the epoch, by the endpoint's clock. */
  readonly at: number;
  /** The type of the injected fault that replaced the store's answer. */
  readonly fault?: string;
}

/** Every given property must match. Without `kind`, it matches operations on documents, not metadata. */
export interface OperationFilter {
  readonly kind?: OperationKind | readonly OperationKind[];
  readonly database?: string;
  readonly container?: string;
  readonly id?: string;
  readonly status?: number;
  readonly storeStatus?: number;
  readonly fault?: string;
}

/** The operations served, oldest first; an entry is there before its answer is sent. */
export interface OperationLog {
  all(filter?: OperationFilter): Operation[];
  count(filter?: OperationFilter): number;
  clear(): void;
}

// Long runs must not fill the memory: beyond this, the older half is dropped.
const MAX_OPERATIONS = 200_000;

/** An empty log and the function that adds to it. */
export function createOperationLog(): { operations: OperationLog; record: (operation: Operation) => void } {
  let log: Operation[] = [];
  const all = (filter: OperationFilter = {}) => log.filter((operation) => fits(operation, filter));
  return {
    operations: {
      all,
      count: (filter) => all(filter).length,
      clear() {
        log = [];
      },
    },
    record(operation) {
      log.push(operation);
      if (log.length > MAX_OPERATIONS) log = log.slice(MAX_OPERATIONS / 2);
    },
  };
}

function fits(operation: Operation, { kind, ...properties }: OperationFilter): boolean {
  return (
    isOfKind(operation.kind, kind) &&
    (properties.database ?? operation.database) === operation.database &&
    (properties.container ?? operation.container) === operation.container &&
    (properties.id ?? operation.id) === operation.id &&
    (properties.status ?? operation.status) === operation.status &&
    (properties.storeStatus ?? operation.storeStatus) === operation.storeStatus &&
    (properties.fault ?? operation.fault) === operation.fault
  );
}

/** Whether `kind` is wanted. Without a list, every kind but metadata is. */
export function isOfKind(kind: OperationKind, wanted: OperationKind | readonly OperationKind[] | undefined): boolean {
  if (wanted === undefined) return kind !== "metadata";
  return typeof wanted === "string" ? kind === wanted : wanted.includes(kind);
}

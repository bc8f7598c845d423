import { randomUUID } from "node:crypto";
import type { Container } from "@azure/cosmos";

/** What the next requests meet, one each; after the last one all goes well. */
export type Fault =
  | { readonly status: number; readonly retryAfterMs?: number; readonly substatus?: number }
  | { readonly network: "reset before commit" | "reset after commit" | "hang" | "hang, then commit" }
  | { readonly read: object };

export interface Asked {
  readonly kind: "read" | "create" | "replace" | "delete" | "upsert";
  readonly ifMatch: string | undefined;
}

export interface ScriptedContainer {
  readonly container: Container;
  readonly asked: readonly Asked[];
  readonly faults: Fault[];
  readonly documents: Map<string, Stored>;
  /** Runs after the request with this number (from 1) has been served: what others do meanwhile. */
  after: (request: number) => void;
}

interface Stored {
  readonly resource: Record<string, unknown>;
  readonly etag: string;
}

interface Options {
  readonly accessCondition?: { readonly type: string; readonly condition: string };
}

/** Stands in for the SDK's container: keeps documents as the service would, and fails as told. */
export function scriptedContainer(...faults: Fault[]): ScriptedContainer {
  const documents = new Map<string, Stored>();
  const asked: Asked[] = [];

  const write = (kind: Asked["kind"], id: string, apply: (current: Stored | undefined) => void) => {
    return async (options: Options = {}): Promise<object> => {
      const ifMatch = options.accessCondition?.condition;
      return serve(kind, ifMatch, () => {
        const current = documents.get(id);
        if (ifMatch !== undefined && current && current.etag !== ifMatch) throw answer(412);
        apply(current);
        return { statusCode: 200, etag: documents.get(id)?.etag };
      });
    };
  };
  const serve = async (kind: Asked["kind"], ifMatch: string | undefined, commit: () => object) => {
    asked.push({ kind, ifMatch });
    const number = asked.length;
    const fault = faults.shift();
    try {
      return await underFault(kind, fault, commit);
    } finally {
      scripted.after(number);
    }
  };
  const put = (resource: Record<string, unknown>) =>
    void documents.set(String(resource["id"]), { resource, etag: `"${randomUUID()}"` });

  const item = (id: string) => ({
    read: () =>
      serve("read", undefined, () => {
        const { resource, etag } = documents.get(id) ?? {};
        return { statusCode: resource ? 200 : 404, resource, etag };
      }),
    replace: (resource: Record<string, unknown>, options?: Options) =>
      write("replace", id, (current) => {
        if (!current) throw answer(404);
        put(resource);
      })(options),
    delete: (options?: Options) =>
      write("delete", id, (current) => {
        if (!current) throw answer(404);
        documents.delete(id);
      })(options),
  });
  const items = {
    create: (resource: Record<string, unknown>, options?: Options) =>
      write("create", String(resource["id"]), (current) => {
        if (current) throw answer(409);
        put(resource);
      })(options),
    upsert: (resource: Record<string, unknown>, options?: Options) =>
      write("upsert", String(resource["id"]), () => put(resource))(options),
  };
  const container = { id: "things", item, items } as unknown as Container;
  const scripted: ScriptedContainer = { container, asked, faults, documents, after: () => undefined };
  return scripted;
}

async function underFault(kind: Asked["kind"], fault: Fault | undefined, commit: () => object): Promise<object> {
  if (!fault) return commit();
  // Of a read the SDK returns a 404 as an answer without a document; every other status, and every write's 404, it throws.
  if (kind === "read" && "status" in fault && fault.status === 404) {
    return { statusCode: 404, substatus: fault.substatus, resource: undefined, etag: undefined };
  }
  if ("status" in fault) throw answer(fault.status, fault);
  if ("read" in fault) return fault.read;
  if (fault.network === "hang, then commit" || fault.network === "reset after commit") commit();
  // Like the SDK between its own retries, this does not look at the signal: it never comes back.
  if (fault.network.startsWith("hang")) return new Promise(() => undefined);
  throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
}

function answer(code: number, { retryAfterMs, substatus }: { retryAfterMs?: number; substatus?: number } = {}): Error {
  const more = {
    ...(retryAfterMs !== undefined && { retryAfterInMs: retryAfterMs }),
    ...(substatus !== undefined && { substatus }),
  };
  return Object.assign(new Error(`The store answered ${code}`), { code, ...more });
}

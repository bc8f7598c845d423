import type { IncomingMessage, ServerResponse } from "node:http";

/** How a request is made to fail. */
export type Fault =
  /** Answers with this status; `body` is sent as given when a string, as JSON otherwise. */
  | {
      readonly type: "status";
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Record<string, string>;
    }
  /** Never answers. */
  | { readonly type: "hang" }
  /** Drops the connection. */
  | { readonly type: "reset" }
  /** Answers 200 with something that is neither JSON nor HTML. */
  | { readonly type: "garbage" }
  /** Answers correctly, but later. */
  | { readonly type: "delay"; readonly ms: number };

/** Faults waiting for requests, by a key of the caller's choice. */
export interface FaultQueue<Key> {
  /** Makes the next `times` matching requests fail (default 1). */
  failNext(key: Key, fault: Fault, times?: number): void;
  /** Takes the fault that is due for a request, if there is one. */
  take(matches: (key: Key) => boolean): Fault | undefined;
  /** Forgets every fault that has not struck yet. */
  clear(): void;
}

export function createFaultQueue<Key>(): FaultQueue<Key> {
  let waiting: { key: Key; fault: Fault; left: number }[] = [];
  return {
    failNext: (key, fault, times = 1) => void waiting.push({ key, fault, left: times }),
    take: (matches) => {
      const due = waiting.find(({ key }) => matches(key));
      if (due === undefined) return undefined;
      due.left -= 1;
      waiting = waiting.filter(({ left }) => left > 0);
      return due.fault;
    },
    clear: () => {
      waiting = [];
    },
  };
}

/** Carries out a fault. True if the request has been handled, false if it is still to be served. */
export async function strike(fault: Fault, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  switch (fault.type) {
    case "status":
      answer(response, fault.status, fault.body ?? { error: "temporarily_unavailable" }, fault.headers);
      return true;
    case "garbage":
      answer(response, 200, "\u0001<<<not what was asked for>>>");
      return true;
    case "reset":
      request.socket.destroy();
      return true;
    case "hang":
      return true;
    case "delay":
      await new Promise((resolve) => setTimeout(resolve, fault.ms));
      return false;
  }
}

function answer(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...headers });
  response.end(text);
}

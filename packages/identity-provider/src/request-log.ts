/** The endpoints whose requests can be counted, held and made to fail. */
export type Endpoint = "discovery" | "jwks" | "authorize" | "token" | "end-session" | "page";

/** One request served. */
export interface LoggedRequest {
  readonly endpoint: Endpoint;
  readonly method: string;
  readonly path: string;
  /** Milliseconds since the epoch, on arrival. */
  readonly at: number;
  /** Only at the token endpoint. */
  readonly grantType?: string;
  readonly clientId?: string;
  /** Undefined while the request is being served, and if it is never answered. */
  readonly status: number | undefined;
}

export interface RequestFilter {
  readonly endpoint?: Endpoint;
  readonly grantType?: string;
  readonly clientId?: string;
  readonly status?: number;
}

/** The requests served since the start or the last `clear()`, in order of arrival. */
export interface RequestLog {
  all(filter?: RequestFilter): readonly LoggedRequest[];
  count(filter?: RequestFilter): number;
  clear(): void;
}

/** `add` records an arrival and returns how to record its answer. */
export function createRequestLog(): RequestLog & {
  add(entry: Omit<LoggedRequest, "status">): (status: number) => void;
} {
  let entries: { status: number | undefined; entry: Omit<LoggedRequest, "status"> }[] = [];
  const all = (filter: RequestFilter = {}) =>
    entries
      .map(({ entry, status }) => ({ ...entry, status }))
      .filter((logged) =>
        Object.entries(filter).every(([name, value]) => logged[name as keyof RequestFilter] === value),
      );
  return {
    all,
    count: (filter) => all(filter).length,
    clear: () => {
      entries = [];
    },
    add: (entry) => {
      const record: (typeof entries)[number] = { entry, status: undefined };
      entries.push(record);
      return (status) => {
        record.status = status;
      };
    },
  };
}

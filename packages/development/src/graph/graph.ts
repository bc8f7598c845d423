import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createFaultQueue, strike, type Fault } from "@entra-functions-bff/stand-in-kit/faults";
import { serveIcon, type Icon } from "@entra-functions-bff/stand-in-kit/icon";
import { createDirectory, type Directory } from "./directory.ts";
import { envelope, GraphError, insufficientPrivileges, sendError, sendJson, throttled } from "./errors.ts";
import { serve } from "./routes.ts";
import { createVisibility } from "./visibility.ts";

export type { Application } from "./types.ts";
export { graphAppId } from "./graph-permissions.ts";

export interface GraphOptions {
  /** Port on 127.0.0.1; 0 picks a free one. */
  readonly port: number;
  readonly tenantId?: string;
}

/** One request received. */
export interface RecordedRequest {
  readonly method: string;
  /** Decoded, with the query. */
  readonly path: string;
  /** Undefined if there was none, or if it was not JSON. */
  body: unknown;
  /** Undefined until answered. */
  status: number | undefined;
}

/** Which requests are meant; by default, all. */
export interface RequestMatch {
  readonly method?: string;
  /** Tested against the decoded path with the query. */
  readonly path?: RegExp;
}

export interface GraphControls {
  /** Objects created from now on are not found by the next `requests` that look for them. */
  lag(requests: number): void;
  /** Answers the next `times` requests with 429. Without `retryAfterSeconds` there is no Retry-After. */
  throttle(times: number, retryAfterSeconds?: number): void;
  /** Answers with 403 from now on. */
  deny(match?: RequestMatch): void;
  /** Makes the next `times` matching requests fail (default 1). */
  failNext(match: RequestMatch, fault: Fault, times?: number): void;
  /** Answers 401 from now on, as to a token that has expired or was revoked. */
  refuseTokens(): void;
  /** Ends throttling, denials, failures and refused tokens. */
  clear(): void;
  clearRequests(): void;
}

/** A Microsoft Graph with only the resources of an app registration. */
export interface Graph {
  /** Without a trailing slash and without the version; the API is under `/v1.0`. */
  readonly url: string;
  readonly directory: Directory;
  readonly requests: readonly RecordedRequest[];
  readonly controls: GraphControls;
  stop(): Promise<void>;
}

/** People. */
const icon: Icon = {
  colour: "#8a5a00",
  lines: '<circle cx="12" cy="12" r="3.5"/><path d="M6 23c0-7 12-7 12 0M19 9.5a3 3 0 1 1 1 6M22 18c3 .5 4 2.5 4 5"/>',
};

/** Starts it on its own socket. It checks what Graph checks, and answers 501 to what it does not support. */
export async function startGraph({ port, tenantId = randomUUID() }: GraphOptions): Promise<Graph> {
  const state = createState(tenantId);
  const server = createServer((request, response) => {
    if (!serveIcon(request, response, icon)) void handle(state, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    directory: state.directory,
    requests: state.requests,
    controls: createControls(state),
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

type State = ReturnType<typeof createState>;

function createState(tenantId: string) {
  return {
    directory: createDirectory(tenantId),
    visibility: createVisibility(),
    requests: [] as RecordedRequest[],
    faults: createFaultQueue<RequestMatch>(),
    refusesTokens: false,
  };
}

function createControls(state: State): GraphControls {
  const failWith = (error: GraphError, match: RequestMatch, times: number, headers: Record<string, string> = {}) =>
    state.faults.failNext(match, { type: "status", status: error.status, body: envelope(error), headers }, times);
  return {
    lag: (requests) => state.visibility.lag(requests),
    throttle: (times, retryAfterSeconds) =>
      failWith(
        throttled,
        {},
        times,
        retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) },
      ),
    deny: (match = {}) => failWith(insufficientPrivileges, match, Infinity),
    failNext: (match, fault, times) => state.faults.failNext(match, fault, times),
    refuseTokens: () => {
      state.refusesTokens = true;
    },
    clear: () => {
      state.faults.clear();
      state.refusesTokens = false;
    },
    clearRequests: () => void state.requests.splice(0),
  };
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = readable(request.url ?? "/");
  const recorded: RecordedRequest = { method: request.method ?? "", path, body: undefined, status: undefined };
  state.requests.push(recorded);
  response.once("finish", () => {
    recorded.status = response.statusCode;
  });
  try {
    const fault = state.faults.take((match) => fits(match, recorded));
    if (fault !== undefined && (await strike(fault, request, response))) return;
    checkToken(state, request);
    const { status, body } = await serve(state, request, recorded);
    if (body === undefined) response.writeHead(status).end();
    else sendJson(response, status, body);
  } catch (error) {
    if (!(error instanceof GraphError)) console.error("Local Microsoft Graph:", error);
    sendError(response, error instanceof GraphError ? error : new GraphError(500, "InternalServerError", "Failed."));
  }
}

function readable(path: string): string {
  try {
    return decodeURIComponent(path).replaceAll("+", " ");
  } catch {
    return path;
  }
}

function fits({ method, path }: RequestMatch, request: RecordedRequest): boolean {
  return (method ?? request.method) === request.method && (path?.test(request.path) ?? true);
}

function checkToken({ refusesTokens }: State, { headers }: IncomingMessage): void {
  const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1];
  if (token === undefined) throw new GraphError(401, "InvalidAuthenticationToken", "Access token is empty.");
  if (refusesTokens) {
    const message = "Lifetime validation failed, the token is expired.";
    throw new GraphError(401, "InvalidAuthenticationToken", message);
  }
}

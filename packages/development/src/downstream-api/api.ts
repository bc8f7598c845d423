import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { serveIcon, type Icon } from "@entra-functions-bff/stand-in-kit/icon";
import { createFaultQueue, strike, type Fault } from "@entra-functions-bff/stand-in-kit/faults";
import { createGates, type Gate } from "@entra-functions-bff/stand-in-kit/gates";
import { claimedObjectId, createTokenVerifier, InvalidTokenError } from "./access-token.ts";
import { claimsChallenge, sendError, serve, unauthorized } from "./answers.ts";

export interface DownstreamApiOptions {
  /** Port on 127.0.0.1; 0 picks a free one. */
  readonly port: number;
  /** One or more accepted issuers; `{tenantid}` stands for the token's own `tid`. */
  readonly issuer: string | readonly string[];
  /** Gives the issuer's key set (RFC 7517); called on the first token, and again for an unknown key. */
  readonly jwks: () => Promise<unknown>;
  readonly audience: string;
  /** One of these scopes must be in the token's `scp`: a name, or several separated by spaces. */
  readonly scope: string;
}

/** One request received. */
export interface RecordedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** As received; `authorization` holds the token's `oid` instead, `cookie` is left out. */
  readonly headers: IncomingHttpHeaders;
  /** Whose token it was, unverified. */
  readonly oid: string | undefined;
  readonly cookiePresent: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Undefined until answered. */
  status: number | undefined;
}

export interface DownstreamApiControls {
  /** Answers the next `times` authorized requests (default 1) with a claims challenge; `claims` is its JSON. */
  claimsChallengeNext(times?: number, claims?: string): void;
  /** Challenges until a token's `acrs` holds this value; undefined ends that. */
  requireAuthenticationContext(value: string | undefined): void;
  /** Makes the next `times` requests fail (default 1). */
  failNext(fault: Fault, times?: number): void;
  clearFaults(): void;
  /** Holds requests until released. */
  gate(): Gate;
  /** Forgets the recorded requests. */
  clearRequests(): void;
}

export interface DownstreamApi {
  /** Without a trailing slash; the API is under `/v1.0`. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  readonly controls: DownstreamApiControls;
  stop(): Promise<void>;
}

/** Braces. */
const icon: Icon = {
  colour: "#2f6f4f",
  lines: '<path d="M13 8c-4 0-1 8-5 8 4 0 1 8 5 8M19 8c4 0 1 8 5 8-4 0-1 8-5 8"/>',
};

/** Starts a small API that behaves like Microsoft Graph and checks its tokens. Rejects when the port is taken. */
export async function startDownstreamApi(options: DownstreamApiOptions): Promise<DownstreamApi> {
  const state = createState(options);
  const server = createServer((request, response) => {
    if (!serveIcon(request, response, icon)) void handle(state, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: state.requests,
    controls: createControls(state),
    stop: async () => {
      state.gates.releaseAll();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

type State = ReturnType<typeof createState>;

function createState({ issuer, audience, jwks, scope }: DownstreamApiOptions) {
  const requests: RecordedRequest[] = [];
  const challenges: string[] = [];
  return {
    requests,
    challenges,
    authenticationContext: undefined as string | undefined,
    scopes: scope.split(" ").map((each) => each.slice(each.lastIndexOf("/") + 1)),
    verify: createTokenVerifier({ issuers: [issuer].flat(), audience, jwks }),
    faults: createFaultQueue<"any">(),
    gates: createGates<"any">(),
  };
}

function createControls(state: State): DownstreamApiControls {
  return {
    claimsChallengeNext: (times = 1, claims = tokenIssuedTooEarly()) =>
      void state.challenges.push(...Array.from({ length: times }, () => claims)),
    requireAuthenticationContext: (value) => {
      state.authenticationContext = value;
    },
    failNext: (fault, times) => state.faults.failNext("any", fault, times),
    clearFaults: () => state.faults.clear(),
    gate: () => state.gates.close("any"),
    clearRequests: () => void state.requests.splice(0),
  };
}

/** What Graph demands after a revocation: a token issued later than now. */
function tokenIssuedTooEarly(): string {
  const value = String(Math.floor(Date.now() / 1000));
  return JSON.stringify({ access_token: { nbf: { essential: true, value } } });
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  record(state, request, response, token);
  try {
    await state.gates.pass(() => true);
    const fault = state.faults.take(() => true);
    if (fault !== undefined && (await strike(fault, request, response))) return;
    await authorizeAndServe(state, request, response, token);
  } catch (error) {
    if (error instanceof InvalidTokenError) return unauthorized(response, error.message);
    console.error("Local downstream API:", error instanceof Error ? error.message : error);
    sendError(response, 503, "serviceNotAvailable", "The service is temporarily unavailable.");
  }
}

async function authorizeAndServe(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
  token: string | undefined,
): Promise<void> {
  if (token === undefined) return unauthorized(response, "Access token is empty.");
  const claims = await state.verify(token);
  const acrs = Array.isArray(claims["acrs"]) ? claims["acrs"] : [];
  const due = state.challenges.shift() ?? missingContext(state.authenticationContext, acrs);
  if (due !== undefined) return claimsChallenge(response, due);
  const granted = typeof claims["scp"] === "string" ? claims["scp"].split(" ") : [];
  if (!state.scopes.some((scope) => granted.includes(scope))) {
    return sendError(
      response,
      403,
      "Authorization_RequestDenied",
      "Insufficient privileges to complete the operation.",
    );
  }
  await serve(request, response, claims);
}

function missingContext(value: string | undefined, acrs: readonly unknown[]): string | undefined {
  if (value === undefined || acrs.includes(value)) return undefined;
  return JSON.stringify({ access_token: { acrs: { essential: true, value } } });
}

function record(state: State, request: IncomingMessage, response: ServerResponse, token: string | undefined): void {
  const { cookie, authorization, ...headers } = request.headers;
  const oid = claimedObjectId(token);
  const entry: RecordedRequest = {
    method: request.method ?? "",
    path: request.url ?? "",
    headers: { ...headers, ...(authorization === undefined ? {} : { authorization: oid ?? "(not a token)" }) },
    oid,
    cookiePresent: cookie !== undefined,
    at: Date.now(),
    status: undefined,
  };
  state.requests.push(entry);
  response.once("finish", () => {
    entry.status = response.statusCode;
  });
}

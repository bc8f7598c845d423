import { randomUUID } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { serveIcon, type Icon } from "@entra-functions-bff/stand-in-kit/icon";
import type { Authorize } from "./authorization.ts";
import type { Outcome, PerformDocumentRequest } from "./document-operations.ts";
import { parseDocumentRequest, refuseQueriesAndBatches } from "./document-request.ts";
import type { FaultTarget, Intervention, Interruption } from "./fault-rules.ts";
import type { MetadataHandler } from "./metadata.ts";
import type { Operation } from "./operation-log.ts";
import { ClientGoneError, parseJsonObject, readBody } from "./request-body.ts";
import { readCharge, writeCharge } from "./request-charge.ts";
import { type ResourcePath, parseResourcePath, unservedPath } from "./resource-path.ts";
import { type Answer, CosmosError, errorAnswer } from "./responses.ts";

/** What is needed to answer requests. */
export interface Service {
  readonly authorize: Authorize;
  readonly metadata: ReadonlyMap<string, MetadataHandler>;
  readonly perform: PerformDocumentRequest;
  readonly intervention: Intervention;
  readonly record: (operation: Operation) => void;
  readonly clock: () => number;
  /** The page for people. */
  readonly page: () => Answer;
}

/** A drum of disks. */
const icon: Icon = {
  colour: "#0e6b72",
  lines:
    '<ellipse cx="16" cy="10" rx="7.5" ry="3"/><path d="M8.5 10v12c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3V10M8.5 16c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3"/>',
};

const DOCUMENT_ROUTES = new Set([
  "POST dbs/{}/colls/{}/docs",
  "GET dbs/{}/colls/{}/docs/{}",
  "PUT dbs/{}/colls/{}/docs/{}",
  "DELETE dbs/{}/colls/{}/docs/{}",
]);

/** Serves the Cosmos DB REST API. Every request is answered; an unexpected error gets 500 and is logged. */
export function createRequestListener(service: Service): RequestListener {
  return (request, response) => {
    if (!serveIcon(request, response, icon)) void respond(service, request, response);
  };
}

async function respond(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const outcome = await outcomeOf(service, request);
    if (outcome === "cut") cut(request.socket);
    else send(request, response, outcome);
  } catch (error) {
    if (error instanceof ClientGoneError || response.headersSent) response.destroy();
    else send(request, response, { answer: errorAnswer(asCosmosError(error)), requestCharge: 0 });
  }
}

/** A reset during an orderly close never completes, and Node would spin at the end of the process. */
function cut(socket: Socket): void {
  if (socket.writable) socket.resetAndDestroy();
  else socket.destroy();
}

async function outcomeOf(service: Service, request: IncomingMessage): Promise<Outcome | "cut"> {
  const { method = "", url = "", headers } = request;
  const origin = checkedOrigin(headers.host);
  if (wantsPage(request)) return { answer: service.page(), requestCharge: 0 };

  const path = parseResourcePath(url);
  const route = `${method} ${path.shape}`;
  const metadata = service.metadata.get(route);
  if (metadata === undefined && !DOCUMENT_ROUTES.has(route)) throw unservedPath(method, path);

  service.authorize({ method, headers, ...path });
  const body = method === "POST" || method === "PUT" ? await readBody(request) : undefined;
  if (metadata === undefined) return documentOutcome(service, request, path, body);
  return carriedOut(service, metadataTarget(path), () => {
    const properties = body === undefined ? {} : parseJsonObject(body);
    const requestCharge = method === "GET" ? readCharge(0) : writeCharge(0);
    return { answer: metadata({ path, origin, body: properties }), requestCharge };
  });
}

function documentOutcome(
  service: Service,
  { method = "", headers }: IncomingMessage,
  path: ResourcePath,
  body: Buffer | undefined,
): Promise<Outcome | "cut"> {
  if (method === "POST") refuseQueriesAndBatches(headers);
  const document = body === undefined ? undefined : parseJsonObject(body);
  const request = parseDocumentRequest(method, path, headers, document);
  return carriedOut(service, request, () => service.perform(request));
}

function metadataTarget({ database, container }: ResourcePath): FaultTarget {
  return { kind: "metadata", database, container, id: "" };
}

async function carriedOut(service: Service, target: FaultTarget, operation: () => Outcome): Promise<Outcome | "cut"> {
  const before = await service.intervention.intervene(target, "before");
  if (before !== undefined) return interrupted(service, target, before);
  const outcome = answered(operation);
  const after = await service.intervention.intervene(target, "after");
  if (after !== undefined) return interrupted(service, target, after, outcome);
  record(service, target, outcome.answer.status, outcome);
  return outcome;
}

function answered(operation: () => Outcome): Outcome {
  try {
    return operation();
  } catch (error) {
    return { answer: errorAnswer(asCosmosError(error)), requestCharge: readCharge(0) };
  }
}

async function interrupted(
  service: Service,
  target: FaultTarget,
  { fault, answer, until }: Interruption,
  outcome?: Outcome,
): Promise<Outcome | "cut"> {
  record(service, target, answer?.status ?? 0, outcome, fault);
  await until;
  return answer === undefined ? "cut" : { answer, requestCharge: outcome?.requestCharge ?? 0 };
}

function record(service: Service, target: FaultTarget, status: number, outcome?: Outcome, fault?: string): void {
  const { kind, database, container, id } = target;
  const storeStatus = outcome?.answer.status ?? 0;
  const requestCharge = outcome?.requestCharge ?? 0;
  const injected = fault === undefined ? {} : { fault };
  service.record({
    kind,
    database,
    container,
    id,
    status,
    storeStatus,
    requestCharge,
    at: service.clock(),
    ...injected,
  });
}

// Only loopback names: a web page whose own name was made to resolve to 127.0.0.1 (DNS rebinding) is turned away.
function checkedOrigin(host: string | undefined): string {
  if (host === undefined || !/^(127\.0\.0\.1|localhost)(:\d+)?$/i.test(host)) {
    throw new CosmosError(403, "This endpoint answers only to the host names 127.0.0.1 and localhost.");
  }
  return `http://${host}`;
}

function wantsPage({ method, url, headers }: IncomingMessage): boolean {
  return method === "GET" && url === "/" && headers.accept?.includes("text/html") === true;
}

function asCosmosError(error: unknown): CosmosError {
  if (error instanceof CosmosError) return error;
  console.error("The local Cosmos DB endpoint failed:", error);
  return new CosmosError(500, "The local Cosmos DB endpoint failed; its log says why.");
}

function send(request: IncomingMessage, response: ServerResponse, { answer, requestCharge }: Outcome): void {
  response.writeHead(answer.status, {
    "cache-control": "no-store",
    "x-ms-activity-id": activityId(request),
    "x-ms-request-charge": String(requestCharge),
    ...(answer.body === "" ? {} : { "content-type": "application/json", "content-length": byteLength(answer.body) }),
    ...answer.headers,
  });
  response.end(answer.body);
}

function activityId({ headers }: IncomingMessage): string {
  const sent = headers["x-ms-activity-id"];
  return typeof sent === "string" && /^[\w-]{1,100}$/.test(sent) ? sent : randomUUID();
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

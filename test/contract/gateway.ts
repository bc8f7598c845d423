import { EventEmitter, once } from "node:events";
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import https, { type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";

/** How the gateway meets one request for a document, instead of answering with the document. */
export type Meeting = (response: ServerResponse, request: IncomingMessage) => void;

/** A region of an account, which answers every read with a document of the asked id, unless told otherwise. */
export interface Gateway extends AsyncDisposable {
  readonly url: string;
  /** The requests for documents so far. */
  readonly asked: readonly IncomingMessage[];
  /** Resolves when there have been so many. */
  askedFor(count: number): Promise<void>;
  /** What the next requests meet, one each. */
  readonly next: Meeting[];
  /** The account's regions, by their URLs; this one alone by default. */
  regions: readonly string[];
}

export const answering =
  (status: number, headers: Readonly<Record<string, string>> = {}, body: object = { message: "as told" }): Meeting =>
  (response) =>
    response.writeHead(status, { ...fields, ...headers }).end(JSON.stringify(body));

/** The connection breaks without an answer. */
export const hangingUp: Meeting = (response) => void response.destroy();

/** The connection breaks in the middle of a document. */
export const brokenOff: Meeting = (response) => {
  response
    .writeHead(200, { ...fields, etag: '"1"', "content-length": "100" })
    .write('{"id":', () => response.destroy());
};

export const silent: Meeting = () => undefined;

const fields = { "content-type": "application/json", "x-ms-request-charge": "1.5", "x-ms-activity-id": "an activity" };

/** @param tls if missing, the gateway speaks plain HTTP */
export async function startGateway(tls?: ServerOptions): Promise<Gateway> {
  const asked: IncomingMessage[] = [];
  const next: Meeting[] = [];
  const arrivals = new EventEmitter();
  const listener: RequestListener = (request, response) => {
    if (request.url === "/") return answering(200, {}, accountOf(gateway.regions))(response, request);
    asked.push(request);
    arrivals.emit("request");
    const meet = next.shift() ?? answering(200, { etag: '"1"' }, documentOf(request));
    meet(response, request);
  };
  const server = tls === undefined ? http.createServer(listener) : https.createServer(tls, listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = tls === undefined ? `http://127.0.0.1:${port}/` : `https://localhost:${port}/`;
  const gateway: Gateway = {
    url,
    asked,
    async askedFor(count) {
      while (asked.length < count) await once(arrivals, "request");
    },
    next,
    regions: [url],
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return gateway;
}

function documentOf({ url = "" }: IncomingMessage): object {
  return { id: url.slice(url.lastIndexOf("/") + 1), ttl: 60, writeId: "w", _etag: '"1"' };
}

function accountOf(regions: readonly string[]): object {
  const locations = regions.map((databaseAccountEndpoint, index) => ({ name: `R${index}`, databaseAccountEndpoint }));
  return {
    id: "account",
    writableLocations: locations.slice(0, 1),
    readableLocations: locations,
    enableMultipleWriteLocations: false,
    userConsistencyPolicy: { defaultConsistencyLevel: "Strong" },
  };
}

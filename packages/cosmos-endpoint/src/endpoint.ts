import { once } from "node:events";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Neighbour } from "@entra-functions-bff/stand-in-kit/neighbours";
import type { DatabaseSync } from "node:sqlite";
import { masterKeyAuthorization } from "./authorization.ts";
import { openCatalog } from "./catalog.ts";
import { openDatabaseFile } from "./database-file.ts";
import { documentOperations } from "./document-operations.ts";
import { type Documents, type DumpedDocument, openDocuments } from "./documents.ts";
import { type Faults, createFaults } from "./faults.ts";
import { metadataRoutes } from "./metadata.ts";
import { type OperationLog, createOperationLog } from "./operation-log.ts";
import { MAX_DOCUMENTS_SHOWN, documentsPage } from "./page.ts";
import { createRequestListener } from "./request-listener.ts";
import { type Regions, startRegions } from "./regions.ts";
import { CosmosError, errorAnswer } from "./responses.ts";

export type { DumpedDocument } from "./documents.ts";
export type { Fault, FaultHandle, FaultMatch, FaultTarget, Faults, Gate, When } from "./faults.ts";
export type { Loss, Regions } from "./regions.ts";
export type { Operation, OperationFilter, OperationKind, OperationLog } from "./operation-log.ts";

/** Settings of {@link startCosmosEndpoint}. */
export interface CosmosEndpointOptions {
  /** Port on 127.0.0.1; 0 picks a free one. */
  readonly port: number;
  /**
   * Path of the SQLite file, which is created if missing, or ":memory:" for data that is lost when the endpoint stops.
   */
  readonly dataFile: string;
  /** The account key in base64; default {@link LOCAL_ACCOUNT_KEY}. */
  readonly accountKey?: string;
  /** The account's default consistency; "Strong" unless given. It is only reported, because there is one replica. */
  readonly defaultConsistency?: string;
  /** Names of several regions, of which the first one writes. By default, there is one. */
  readonly regions?: readonly string[];
  /** Milliseconds since the epoch, for `_ts` and time to live; default the machine's clock. */
  readonly clock?: () => number;
  /** Pages of the same platform, linked on the page of the documents. */
  readonly neighbours?: readonly Neighbour[];
}

/** A running endpoint. */
export interface CosmosEndpoint {
  /** Without a slash at the end. */
  readonly url: string;
  readonly accountKey: string;
  /** `AccountEndpoint=…;AccountKey=…;` as the SDK takes it. */
  readonly connectionString: string;
  readonly dataFile: string;
  readonly operations: OperationLog;
  readonly faults: Faults;
  /** Undefined if the account has one region. */
  readonly regions: Regions | undefined;
  /** Every stored document, the latest first. Expired documents are included until they are removed. */
  dump(): readonly DumpedDocument[];
  /** Cuts every connection, held requests included, and closes the data file. */
  stop(): Promise<void>;
}

/** The key of the account on this machine. It is not a secret, because the endpoint answers only on loopback. */
export const LOCAL_ACCOUNT_KEY = Buffer.from(
  "This account key opens nothing but the Cosmos DB endpoint on the machine that it runs on.",
).toString("base64");

const REMOVE_EXPIRED_EVERY_MS = 30_000;

/**
 * Starts an Azure Cosmos DB endpoint on loopback for `@azure/cosmos` with its default options: one account with strong
 * consistency, databases, containers, and point operations on documents. For anything else, it answers 501 and a
 * message that names it.
 * @throws Error when the port is taken or the data file is in use
 */
export async function startCosmosEndpoint(options: CosmosEndpointOptions): Promise<CosmosEndpoint> {
  const { port, dataFile, accountKey = LOCAL_ACCOUNT_KEY, defaultConsistency = "Strong" } = options;
  const { clock = Date.now, neighbours = [] } = options;
  const seconds = () => Math.floor(clock() / 1000);
  const file = openDatabaseFile(dataFile);
  const catalog = openCatalog(file, seconds);
  const documents = openDocuments(file, seconds);
  const { faults, intervention } = createFaults();
  const { operations, record } = createOperationLog();
  const listener = createRequestListener({
    authorize: masterKeyAuthorization(accountKey),
    metadata: metadataRoutes(catalog, defaultConsistency, options.regions && (() => regions?.locations() ?? [])),
    perform: documentOperations(catalog, documents, seconds),
    intervention,
    record,
    clock,
    page: () => documentsPage(documents.dump(MAX_DOCUMENTS_SHOWN), neighbours),
  });
  const regions = options.regions && (await startRegions(options.regions, listener));
  const server = createServer(regions?.atAccount ?? listener);
  const url = await listen(server, port, file);
  const cleaning = removeExpiredFromTimeToTime(documents);
  let stopped: Promise<void> | undefined;
  return {
    url,
    accountKey,
    connectionString: `AccountEndpoint=${url}/;AccountKey=${accountKey};`,
    dataFile,
    operations,
    faults,
    regions,
    dump: () => documents.dump(),
    stop() {
      clearInterval(cleaning);
      intervention.stop();
      return (stopped ??= (regions?.stop() ?? Promise.resolve()).then(() => close(server, file)));
    },
  };
}

async function listen(server: Server, port: number, file: DatabaseSync): Promise<string> {
  // A client whose idle connection was closed must guess whether its write arrived, so only the client closes
  // connections.
  server.keepAliveTimeout = 0;
  answerUnreadableRequests(server);
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch (error) {
    file.close();
    throw error;
  }
  return `http://127.0.0.1:${addressOf(server).port}`;
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server listens on no port.");
  return address;
}

function answerUnreadableRequests(server: Server): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400;
    const { body } = errorAnswer(new CosmosError(status, "The request is not HTTP, or its headers are too large."));
    const head = `HTTP/1.1 ${status} \r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n`;
    socket.end(`${head}connection: close\r\n\r\n${body}`);
  });
}

function removeExpiredFromTimeToTime(documents: Documents): NodeJS.Timeout {
  documents.removeExpired();
  return setInterval(() => {
    try {
      documents.removeExpired();
    } catch (error) {
      console.error("The local Cosmos DB endpoint could not remove expired documents:", error);
    }
  }, REMOVE_EXPIRED_EVERY_MS).unref();
}

async function close(server: Server, file: DatabaseSync): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
  file.close();
}

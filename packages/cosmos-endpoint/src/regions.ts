import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CosmosError, errorAnswer, Substatus } from "./responses.ts";

/** How a lost region behaves: it breaks every connection off, or accepts requests and never answers. */
export type Loss = "breaks off" | "hangs";

/** The regions of an account. Each is complete at any time, as with strong consistency. */
export interface Regions {
  lose(name: string, how: Loss): void;
  restore(name: string): void;
  /** From now on, this region is the one that writes. The account's own address leads to it, too. */
  failOver(name: string): void;
  /** Requests that a region has answered. */
  answered(name: string): number;
}

/** A location as the account names it. */
export interface Location {
  readonly name: string;
  readonly databaseAccountEndpoint: string;
}

export interface RunningRegions extends Regions {
  /** The one that writes first. */
  locations(): readonly Location[];
  /** What is at the address of the account itself. */
  readonly atAccount: RequestListener;
  stop(): Promise<void>;
}

interface Region {
  readonly name: string;
  readonly server: Server;
  loss: Loss | undefined;
  answered: number;
}

/** Starts a server on loopback for each region, the first of which writes. All of them answer with `listener`. */
export async function startRegions(names: readonly string[], listener: RequestListener): Promise<RunningRegions> {
  const regions = await Promise.all(
    names.map(async (name): Promise<Region> => {
      const server = createServer((request, response) => serve(named(name), request, response));
      server.keepAliveTimeout = 0;
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      return { name, server, loss: undefined, answered: 0 };
    }),
  );
  let writer = names[0];

  function named(name: string | undefined): Region {
    const region = regions.find((candidate) => candidate.name === name);
    if (region === undefined) throw new Error(`The account has no region ${name}.`);
    return region;
  }

  const serve = (region: Region, ...[request, response]: Parameters<RequestListener>) => {
    if (region.loss === "breaks off") return void request.socket.destroy();
    if (region.loss === "hangs") return;
    region.answered++;
    if (request.method !== "GET" && region.name !== writer) return refuseWrite(response);
    listener(request, response);
  };

  return {
    lose(name, how) {
      const region = named(name);
      region.loss = how;
      region.server.closeAllConnections();
    },
    restore: (name) => void (named(name).loss = undefined),
    failOver: (name) => void (writer = named(name).name),
    answered: (name) => named(name).answered,
    locations: () =>
      regions.map(({ name, server }) => ({ name, databaseAccountEndpoint: urlOf(server) })).sort(first(writer)),
    atAccount: (request, response) => serve(named(writer), request, response),
    async stop() {
      await Promise.all(
        regions.map(async ({ server }) => {
          const closed = once(server, "close");
          server.close();
          server.closeAllConnections();
          await closed;
        }),
      );
    },
  };
}

function first(name: string | undefined): (a: Location, b: Location) => number {
  return (a, b) => Number(b.name === name) - Number(a.name === name);
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Azure Cosmos DB answers so to a write in a region that only reads. */
function refuseWrite(response: ServerResponse): void {
  const error = new CosmosError(
    403,
    "The requested operation cannot be performed at this region.",
    Substatus.writeForbidden,
  );
  const { status, headers, body } = errorAnswer(error);
  response.writeHead(status, { ...headers, "content-type": "application/json" }).end(body);
}

import { CosmosClient, PartitionKeyKind } from "@azure/cosmos";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seedCertificates } from "../test/support/certificates.ts";
import { startPart, type Part } from "./parts/part.ts";
import type { CosmosMethods } from "./parts/cosmos.ts";
import type { IdentityMethods } from "./parts/identity.ts";
import type { LoadMethods, LoadPlan, LoadResult } from "./parts/load.ts";
import { buildBaseline, startOnHost, startPeer, type Environment, type MeasuredServer } from "./servers.ts";

export const people = 64;

/** Everything around the servers that are measured; each part is a process. */
export interface Stage {
  readonly cosmos: Part<CosmosMethods>;
  readonly identity: Part<IdentityMethods>;
  /** Settings of the app. */
  readonly environment: Environment;
  readonly publicBaseUrl: string;
  readonly store: CosmosClient;
  /** For build results; removed with the stage. */
  readonly folder: string;
  /** @throws when the answer is not a success */
  load(plan: LoadPlan): Promise<LoadResult>;
  /** @param port 0 picks a free one; the app's own by default, where its redirect URI leads */
  startApp(port?: number, settings?: Environment): Promise<MeasuredServer>;
  startHello(): Promise<MeasuredServer>;
  startFloor(accessToken: string): Promise<MeasuredServer>;
  startBareStream(settings: Environment): Promise<MeasuredServer>;
  startPeers(): Promise<{ readonly expressOpenidConnect: MeasuredServer; readonly msalCache: MeasuredServer }>;
  stop(): Promise<void>;
}

const peerContainers = ["peer-a-sessions", "peer-b-sessions", "peer-b-tokens"];

export async function startStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "bff-bench-"));
  await seedCertificates(join(folder, "certificates"));
  const cosmos = await startPart<CosmosMethods>("cosmos.ts", [join(folder, "cosmos.sqlite")]);
  const connectionString = await cosmos.call.connectionString();
  const [portA, portB] = [await freePort(), await freePort()];
  const redirectUris = [portA, portB].map((port) => `http://localhost:${port}/callback`);
  const identity = await startPart<IdentityMethods>("identity.ts", [
    folder,
    connectionString,
    JSON.stringify(redirectUris),
    String(people),
  ]);
  const load = await startPart<LoadMethods>("load.ts");
  const store = new CosmosClient({ connectionString });
  await createPeerContainers(store);
  const environment = await identity.call.environment();
  const appPort = await identity.call.appPort();
  const servers: MeasuredServer[] = [];
  const kept = async (starting: Promise<MeasuredServer>) => {
    const server = await starting;
    servers.push(server);
    return server;
  };
  const peer = (file: string, port: number) =>
    kept(startPeer(file, { ...environment, PORT: String(port), PublicBaseUrl: `http://localhost:${port}` }));

  return {
    cosmos,
    identity,
    environment,
    publicBaseUrl: `http://localhost:${appPort}`,
    store,
    folder,
    async load(plan) {
      const result = await load.call.run(plan);
      const failures = Object.entries(result.failures);
      if (failures.length > 0) throw new Error(`${plan.origin} failed: ${JSON.stringify(result.failures)}`);
      return result;
    },
    startApp: (port = appPort, settings = {}) =>
      kept(
        startOnHost({
          appFolder: ".",
          port,
          environment: { ...environment, ...quiet, ...settings },
        }),
      ),
    async startHello() {
      const appFolder = await buildBaseline("hello", folder);
      return kept(startOnHost({ appFolder, port: 0, environment: {} }));
    },
    async startFloor(accessToken) {
      const appFolder = await buildBaseline("floor", folder);
      return kept(
        startOnHost({ appFolder, port: 0, environment: { ...environment, Bench__AccessToken: accessToken } }),
      );
    },
    async startBareStream(settings) {
      const appFolder = await buildBaseline("bare-stream", folder);
      return kept(startOnHost({ appFolder, port: 0, environment: { ...environment, ...settings } }));
    },
    startPeers: async () => ({
      expressOpenidConnect: await peer("express-openid-connect.ts", portA),
      msalCache: await peer("msal-distributed-cache.ts", portB),
    }),
    async stop() {
      store.dispose();
      await Promise.all(servers.map((server) => server.stop()));
      await Promise.all([load.stop(), identity.stop()]);
      await cosmos.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The stage has no queue storage, because no sign-out has to wait. */
const quiet = { "AzureWebJobs.finish-sign-outs.Disabled": "true" };

async function createPeerContainers(store: CosmosClient): Promise<void> {
  for (const id of peerContainers) {
    await store.database("auth").containers.createIfNotExists({
      id,
      partitionKey: { paths: ["/id"], kind: PartitionKeyKind.Hash },
    });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

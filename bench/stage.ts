import { CosmosClient, PartitionKeyKind } from "@azure/cosmos";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@entra-functions-bff/stand-in-kit/ports";
import { seedCertificates } from "../test/support/certificates.ts";
import { buildBaseline, type Baseline } from "./baselines/build.ts";
import { sharedCpus, type Cpus, type ServerCpus } from "./cpus.ts";
import { startPart, type Part } from "./parts/part.ts";
import type { CosmosMethods } from "./parts/cosmos.ts";
import type { IdentityMethods } from "./parts/identity.ts";
import type { LoadMethods, LoadPlan, LoadResult, WindowPlan, WindowResult } from "./parts/load.ts";
import {
  startOnHost,
  startProgram,
  type Environment,
  type HostedApp,
  type MeasuredServer,
  type Program,
} from "./servers.ts";

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
  readonly cpus: Cpus;
  /** Ports of the peers, at which the identity provider lets people sign in. */
  readonly peerPorts: PeerPorts;
  /** Servers that are started from now on have so many CPUs. */
  giveServers(count: ServerCpus): Promise<void>;
  /** @throws when an answer is not a success, unless failures are expected */
  load(plan: LoadPlan, options?: { readonly mayFail?: boolean }): Promise<LoadResult>;
  /** @throws when an answer is not a success */
  loadForAWhile(plan: WindowPlan): Promise<WindowResult & { readonly aroundBusyCpus: number }>;
  startApp(app?: Partial<HostedApp>): Promise<MeasuredServer>;
  startBaseline(name: Baseline, settings?: Environment, workers?: number): Promise<MeasuredServer>;
  /** What servers on the functions host get. */
  hosted(app: HostedApp): HostedApp;
  startPeer(program: Program): Promise<MeasuredServer>;
  stop(): Promise<void>;
}

export interface PeerPorts {
  readonly expressOpenidConnect: number;
  readonly msalCache: number;
  readonly identityWeb: number;
  readonly identityWebMemory: number;
}

const peerContainers = ["peer-a-sessions", "peer-b-sessions", "peer-b-tokens", "peer-c-tokens"];

/** The stage has no queue storage, because no sign-out has to wait. */
const quiet = { "AzureWebJobs.finish-sign-outs.Disabled": "true" };

/** @param cpus by default, everything shares all of them */
export async function startStage(cpus: Cpus = sharedCpus): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "bff-bench-"));
  const peerPorts = await findPeerPorts();
  let serverCpus: ServerCpus = 1;
  await cpus.moveOff(serverCpus, [process.pid]);
  await seedCertificates(join(folder, "certificates"));
  const cosmos = await startPart<CosmosMethods>("cosmos.ts", [join(folder, "cosmos.sqlite")]);
  const connectionString = await cosmos.call.connectionString();
  const identity = await startPart<IdentityMethods>("identity.ts", [
    folder,
    connectionString,
    JSON.stringify(redirectUrisOf(peerPorts)),
    String(people),
  ]);
  const load = await startPart<LoadMethods>("load.ts");
  const parts = [cosmos, identity, load];
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
  const aroundMs = async () => (await Promise.all(parts.map(({ call }) => call.cpuMs()))).reduce((a, b) => a + b, 0);

  const stage: Stage = {
    cosmos,
    identity,
    environment,
    publicBaseUrl: `http://localhost:${appPort}`,
    store,
    folder,
    cpus,
    peerPorts,
    async giveServers(count) {
      serverCpus = count;
      await cpus.moveOff(count, [process.pid, ...parts.map(({ pid }) => pid)]);
    },
    async load(plan, { mayFail = false } = {}) {
      const result = await load.call.run(plan);
      return mayFail ? result : checked(plan.origin, result);
    },
    async loadForAWhile(plan) {
      const [before, startedAt] = [await aroundMs(), performance.now()];
      const result = checked(plan.origin, await load.call.runWindow(plan));
      return { ...result, aroundBusyCpus: ((await aroundMs()) - before) / (performance.now() - startedAt) };
    },
    hosted: (app) => ({ prefix: cpus.prefix(serverCpus), ...app, environment: { ...environment, ...app.environment } }),
    startApp: ({ environment: settings, ...app } = {}) =>
      kept(
        startOnHost(stage.hosted({ appFolder: ".", port: appPort, environment: { ...quiet, ...settings }, ...app })),
      ),
    async startBaseline(name, settings = {}, workers = 1) {
      const appFolder = await buildBaseline(name, folder);
      return kept(startOnHost(stage.hosted({ appFolder, port: 0, environment: settings, workers })));
    },
    startPeer: ({ command, environment: settings }) =>
      kept(
        startProgram({
          command: [...cpus.prefix(serverCpus), ...command],
          environment: { ...environment, ...settings },
        }),
      ),
    async stop() {
      store.dispose();
      await Promise.all(servers.map((server) => server.stop()));
      await Promise.all([load.stop(), identity.stop()]);
      await cosmos.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return stage;
}

function checked<R extends LoadResult>(origin: string, result: R): R {
  if (Object.keys(result.failures).length > 0) throw new Error(`${origin} failed: ${JSON.stringify(result.failures)}`);
  return result;
}

async function findPeerPorts(): Promise<PeerPorts> {
  return {
    expressOpenidConnect: await freePort(),
    msalCache: await freePort(),
    identityWeb: await freePort(),
    identityWebMemory: await freePort(),
  };
}

function redirectUrisOf({ expressOpenidConnect, msalCache, identityWeb, identityWebMemory }: PeerPorts): string[] {
  return [
    ...[expressOpenidConnect, msalCache].map((port) => `http://localhost:${port}/callback`),
    ...[identityWeb, identityWebMemory].map((port) => `http://localhost:${port}/signin-oidc`),
  ];
}

async function createPeerContainers(store: CosmosClient): Promise<void> {
  for (const id of peerContainers) {
    await store.database("auth").containers.createIfNotExists({
      id,
      partitionKey: { paths: ["/id"], kind: PartitionKeyKind.Hash },
    });
  }
}

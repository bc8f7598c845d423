import { stat } from "node:fs/promises";
import { appLoginPath, signInAll } from "./sessions.ts";
import { findCpus } from "./cpus.ts";
import { enterAgain, enterAll, stopAll } from "./entrants.ts";
import { watchMachine, type MachineReport } from "./machine.ts";
import { buildIdentityWeb, type IdentityWebBuild } from "./peers/identity-web.ts";
import type { MeasuredServer } from "./servers.ts";
import { startStage, type Stage } from "./stage.ts";
import { measureApiCalls, type ApiCallFigures } from "./figures/api-calls.ts";
import { measureColdStart, type ColdStartFigures } from "./figures/cold-start.ts";
import { measureMemory, type MemoryFigures } from "./figures/memory.ts";
import { measureRenewals, type RenewalFigures } from "./figures/renewals.ts";
import { measureBurst, measureSignOutLatency, type BurstFigures, type SignOutLatency } from "./figures/sign-outs.ts";
import { countStoreOperations, type Cost } from "./figures/store-operations.ts";
import { measureStreams, type StreamFigures } from "./figures/streams.ts";

/** How much of everything. */
export interface Extent {
  readonly warmCalls: number;
  readonly rounds: number;
  readonly roundMs: number;
  readonly roundWarmMs: number;
  readonly coldStarts: number;
  readonly memorySessions: number;
  readonly memoryCalls: number;
  readonly streamMegabytes: number;
  readonly accounts: readonly number[];
  readonly signOuts: number;
  readonly burst: number;
}

export const fullExtent: Extent = {
  warmCalls: 6_000,
  rounds: 9,
  roundMs: 600,
  roundWarmMs: 250,
  coldStarts: 7,
  memorySessions: 10_000,
  memoryCalls: 30_000,
  streamMegabytes: 100,
  accounts: [10, 100_000, 1_000_000],
  signOuts: 200,
  burst: 1_000,
};

export const quickExtent: Extent = {
  warmCalls: 400,
  rounds: 3,
  roundMs: 400,
  roundWarmMs: 150,
  coldStarts: 3,
  memorySessions: 500,
  memoryCalls: 5_000,
  streamMegabytes: 20,
  accounts: [10, 1_000],
  signOuts: 20,
  burst: 100,
};

export interface Figures {
  readonly machine: MachineReport;
  readonly isPinned: boolean;
  /** Why Microsoft.Identity.Web was not measured, if it was not. */
  readonly withoutIdentityWeb: string | undefined;
  readonly bundleBytes: number;
  /** Servers on one CPU. */
  readonly apiCalls: ApiCallFigures;
  /** Servers on two CPUs; those on the functions host with two workers. */
  readonly apiCallsOnTwo: ApiCallFigures;
  readonly costs: readonly Cost[];
  readonly renewals: readonly RenewalFigures[];
  readonly coldStart: ColdStartFigures;
  readonly burst: BurstFigures;
  readonly memory: MemoryFigures;
  readonly streams: StreamFigures;
  readonly signOutLatency: readonly SignOutLatency[];
}

/**
 * Measures every figure, on its own stage.
 * @param say is told what is being measured
 */
export async function measureAll(extent: Extent, say: (line: string) => void): Promise<Figures> {
  say("building Microsoft.Identity.Web's app");
  const identityWeb = await buildIdentityWeb();
  if ("missing" in identityWeb) say(`MICROSOFT.IDENTITY.WEB IS NOT MEASURED: ${identityWeb.missing}`);
  const reportOnMachine = await watchMachine();
  const stage = await startStage(await findCpus());
  const figures = await measureThenStop(stage, identityWeb, extent, say);
  // When every process has ended: until then, their CPU time is not known.
  return { ...figures, machine: await reportOnMachine() };
}

async function measureThenStop(...[stage, ...rest]: Parameters<typeof measureOn>): ReturnType<typeof measureOn> {
  try {
    return await measureOn(stage, ...rest);
  } finally {
    await stage.stop();
  }
}

async function measureOn(
  stage: Stage,
  identityWeb: IdentityWebBuild,
  extent: Extent,
  say: (line: string) => void,
): Promise<Omit<Figures, "machine">> {
  const { warmCalls, rounds: count, roundWarmMs: warmMs, roundMs: durationMs } = extent;
  const rounds = { warmCalls, rounds: count, warmMs, durationMs };
  say("signing people in");
  const app = await stage.startApp();
  const entrants = await enterAll(stage, app, identityWeb);
  say("signed-in API calls on one CPU");
  const apiCalls = await measureApiCalls(stage, entrants, rounds);
  await stopAll(entrants);
  say("cold start");
  const coldStart = await measureColdStart(stage, entrants, identityWeb, extent.coldStarts);
  say("signed-in API calls on two CPUs");
  await stage.giveServers(2);
  const onTwo = await enterAgain(stage, entrants, identityWeb, 2);
  const apiCallsOnTwo = await measureApiCalls(stage, onTwo, rounds, [64]);
  await stopAll(onTwo);
  return {
    isPinned: stage.cpus.isPinning,
    withoutIdentityWeb: "missing" in identityWeb ? identityWeb.missing : undefined,
    apiCalls,
    apiCallsOnTwo,
    coldStart,
    ...(await measureApp(stage, await stage.startApp(), extent, say)),
  };
}

/** What concerns this app alone, or streams. */
async function measureApp(stage: Stage, app: MeasuredServer, extent: Extent, say: (line: string) => void) {
  say("operations at the store");
  const costs = await countStoreOperations(stage, app);
  say("calls at once with an expired access token");
  const renewals = [await measureRenewals(stage, [app], 50)];
  const others = await Promise.all([0, 0, 0].map((port) => stage.startApp({ port })));
  renewals.push(await measureRenewals(stage, [app, ...others], 50));
  await Promise.all(others.map((other) => other.stop()));

  const [template] = await signInAll(app.url, appLoginPath, 1);
  if (!template) throw new Error("Nobody signed in");
  say("front-channel sign-outs at once");
  const burst = await measureBurst(stage, app, template, extent.burst);
  say("memory");
  const { memorySessions: sessions, memoryCalls: calls, rounds } = extent;
  const memory = await measureMemory(stage, app, template, { sessions, calls });
  say("streamed answers beside a bare stream");
  const streams = await measureStreams(stage, template, { rounds, megabytes: extent.streamMegabytes });
  say("sign-outs with a full store");
  const signOutLatency = await measureSignOutLatency(stage, app, template, extent);
  const { size: bundleBytes } = await stat("dist/index.cjs");
  return { bundleBytes, costs, renewals, burst, memory, streams, signOutLatency };
}

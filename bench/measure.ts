import { stat } from "node:fs/promises";
import { appLoginPath, cookieHeader, signInAll } from "./sessions.ts";
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
  readonly rounds: number;
  readonly roundMs: number;
  readonly coldStarts: number;
  readonly memorySessions: number;
  readonly memoryCalls: number;
  readonly streamMegabytes: number;
  readonly accounts: readonly number[];
  readonly signOuts: number;
  readonly burst: number;
}

export const fullExtent: Extent = {
  rounds: 12,
  roundMs: 600,
  coldStarts: 7,
  memorySessions: 10_000,
  memoryCalls: 100_000,
  streamMegabytes: 100,
  accounts: [10, 10_000, 100_000],
  signOuts: 100,
  burst: 1_000,
};

export const quickExtent: Extent = {
  rounds: 3,
  roundMs: 400,
  coldStarts: 3,
  memorySessions: 500,
  memoryCalls: 5_000,
  streamMegabytes: 20,
  accounts: [10, 1_000],
  signOuts: 20,
  burst: 100,
};

export interface Figures {
  readonly bundleBytes: number;
  readonly apiCalls: ApiCallFigures;
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
  const stage = await startStage();
  try {
    return await measureOn(stage, await stage.startApp(), extent, say);
  } finally {
    await stage.stop();
  }
}

async function measureOn(
  stage: Stage,
  app: MeasuredServer,
  extent: Extent,
  say: (line: string) => void,
): Promise<Figures> {
  const { rounds, roundMs: durationMs } = extent;
  say("signed-in API calls beside the baselines and the peers");
  const apiCalls = await measureApiCalls(stage, app, { rounds, durationMs });
  say("operations at the store");
  const costs = await countStoreOperations(stage, app);
  say("calls at once with an expired access token");
  const renewals = [await measureRenewals(stage, [app], 50)];
  const others = [await stage.startApp(0), await stage.startApp(0), await stage.startApp(0)];
  renewals.push(await measureRenewals(stage, [app, ...others], 50));
  await Promise.all(others.map((other) => other.stop()));

  const [template] = await signInAll(app.url, appLoginPath, 1);
  if (!template) throw new Error("Nobody signed in");
  say("cold start");
  const coldStart = await measureColdStart(stage, cookieHeader(template), extent.coldStarts);
  say("front-channel sign-outs at once");
  const burst = await measureBurst(stage, app, template, extent.burst);
  say("memory");
  const { memorySessions: sessions, memoryCalls: calls } = extent;
  const memory = await measureMemory(stage, app, template, { sessions, calls });
  say("streamed answers beside a bare stream");
  const streams = await measureStreams(stage, template, { rounds, megabytes: extent.streamMegabytes });
  say("sign-outs with a full store");
  const signOutLatency = await measureSignOutLatency(stage, app, template, extent);
  const { size: bundleBytes } = await stat("dist/index.cjs");
  return { bundleBytes, apiCalls, costs, renewals, coldStart, burst, memory, streams, signOutLatency };
}

import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import type { Goal } from "../../bench/goal.ts";
import { countGoalsOf } from "../../bench/goals.ts";
import { measureRenewals } from "../../bench/figures/renewals.ts";
import { measureBurst } from "../../bench/figures/sign-outs.ts";
import { countStoreOperations, type Cost } from "../../bench/figures/store-operations.ts";
import { measureStreams } from "../../bench/figures/streams.ts";
import { appLoginPath, signInAll } from "../../bench/sessions.ts";
import { startStage, type Stage } from "../../bench/stage.ts";
import { actions } from "../docs/sizes.ts";

/** What of the benchmark is the same on a slow machine: operations, token requests, bytes. Times are not looked at. */
describe("the benchmark's counts", () => {
  let stage: Stage;
  let goals: readonly Goal[];
  let costs: readonly Cost[];
  before(async () => {
    stage = await startStage();
    const app = await stage.startApp();
    costs = await countStoreOperations(stage, app);
    const others = await Promise.all([0, 0, 0].map((port) => stage.startApp({ port })));
    const renewals = [await measureRenewals(stage, [app], 50), await measureRenewals(stage, [app, ...others], 50)];
    const [template] = await signInAll(app.url, appLoginPath, 1);
    if (!template) return assert.fail("Nobody signed in");
    const burst = await measureBurst(stage, app, template, 100);
    const streams = await measureStreams(stage, template, { rounds: 1, megabytes: 1 });
    const { size: bundleBytes } = await stat("dist/index.cjs");
    goals = countGoalsOf({ costs, renewals, burst, streams, bundleBytes });
  });
  after(() => stage.stop());

  it("are all there", () => assert.equal(goals.length, 11));

  it("reach their goals", () => {
    const missed = goals.filter(({ met }) => !met);
    assert.deepEqual(missed, []);
  });

  it("are what the sizing table is computed from", () => {
    const counted = costs.filter(({ action }) => action in actions).map((each) => [each.action, each.operations]);
    assert.deepEqual(Object.fromEntries(counted), actions);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { soak } from "./run.ts";

const { SOAK_OPERATIONS = "600", SOAK_SEED = "1" } = process.env;

describe("many people, browsers and sign-outs at random, with trouble at the store and the token endpoint", () => {
  for (const scope of ["account", "session"] as const) {
    it(`SignOut__Scope=${scope}: no session outlives its end, none is lost, nobody gets another's token`, async (test) => {
      const result = await soak({ seed: Number(SOAK_SEED), operations: Number(SOAK_OPERATIONS), scope });
      test.diagnostic(result.summary);
      assert.deepEqual(result.findings, []);
    });
  }
});

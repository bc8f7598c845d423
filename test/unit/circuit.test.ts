import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { throughCircuit } from "../../shared/downstream/circuit.ts";
import type { DownstreamApiConfiguration } from "../../shared/configuration/downstream-apis.ts";
import { ProblemError } from "../../shared/core/errors.ts";
import { isProblem } from "./support/is-problem.ts";
import { apiConfiguration } from "./support/environment.ts";

let api: DownstreamApiConfiguration;
let asked: number;

beforeEach(() => {
  mock.timers.enable({ apis: ["Date"], now: Date.parse("2026-03-01T12:00:00Z") });
  api = apiConfiguration("x");
  asked = 0;
});
afterEach(() => mock.timers.reset());

const answers = () => {
  asked++;
  return Promise.resolve("answer");
};
const isSilent = () => {
  asked++;
  return Promise.reject(new ProblemError("api_unavailable", "Silent."));
};
const call = (how: () => Promise<string>) => throughCircuit(api, how);
const fail = async (times: number) => {
  for (let count = 0; count < times; count++) await assert.rejects(call(isSilent), isProblem("api_unavailable"));
};

describe("an API that is down", () => {
  test("is not asked after five failures in a row, for ten seconds, and callers are told for how long", async () => {
    await fail(5);
    mock.timers.tick(3_500);
    await assert.rejects(call(answers), (error: ProblemError) => {
      return isProblem("api_down")(error) && error.retryAfterSeconds === 7;
    });
    assert.equal(asked, 5);
  });

  test("is tried then by one call, while the others are still told that it is down", async () => {
    await fail(5);
    mock.timers.tick(10_001);
    const trial = Promise.withResolvers<string>();
    const tried = call(() => trial.promise);
    await assert.rejects(call(answers), isProblem("api_down"));
    trial.resolve("back");
    assert.equal(await tried, "back");
    assert.equal(await call(answers), "answer");
  });

  test("is left in peace again when that call fails, too", async () => {
    await fail(5);
    mock.timers.tick(10_001);
    await fail(1);
    await assert.rejects(call(answers), isProblem("api_down"));
    mock.timers.tick(10_001);
    assert.equal(await call(answers), "answer");
  });
});

describe("an API that is up", () => {
  test("is asked, however often it fails, as long as it answers in between", async () => {
    for (let count = 0; count < 3; count++) {
      await fail(4);
      assert.equal(await call(answers), "answer");
    }
  });

  for (const code of ["client_gone", "body_too_large", "signin_required"] as const) {
    test(`is not called down by calls that failed for another reason: ${code}`, async () => {
      const error = new ProblemError(code, "Not the API's failure.");
      for (let count = 0; count < 9; count++) {
        await assert.rejects(
          call(() => Promise.reject(error)),
          isProblem(code),
        );
      }
      assert.equal(await call(answers), "answer");
    });
  }

  test("is not asked less because another one is down", async () => {
    await fail(5);
    assert.equal(await throughCircuit(apiConfiguration("y"), answers), "answer");
  });
});

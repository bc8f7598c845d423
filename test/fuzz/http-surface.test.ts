import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import * as fc from "fast-check";
import { openStage, type Stage } from "../fault/store/stage.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { localHostOnly } from "../support/local-host-only.ts";
import { generatePeople } from "../support/people.ts";
import { administratorSettings } from "../support/race.ts";
import type { RawAnswer } from "@entra-functions-bff/stand-in-kit/raw-answers";
import { startWorld, type World } from "../support/world.ts";
import { crashesIn, isBeyondHost, isCrash, judge, type Origins } from "./judge.ts";
import { isOddlyFramed, requests, scribbles } from "./requests.ts";
import { bytesOf, send } from "./wire.ts";

/** The same in every run, unless told otherwise: `FUZZ_SEED=$RANDOM FUZZ_RUNS=5000 npm test -- fuzz`. */
const seed = Number(process.env["FUZZ_SEED"] ?? 1);
const runs = process.env["FUZZ_RUNS"] === undefined ? undefined : Number(process.env["FUZZ_RUNS"]);
const defaultRuns = 150;
/** Sent at the same time. */
const together = 12;

/** How long a test goes on, so that the second mode costs little. */
const modes = [
  ["", "false", 4_000],
  [", with HTTP streams", "true", 3_000],
] as const;

for (const [mode, Http__Streaming, timeLimitMs] of modes) {
  describe(`whatever is sent to the app${mode}`, () => {
    let world: World;
    let stage: Stage;
    let origins: Origins;
    const answered = new Map<number, number>();
    let bare500s = 0;
    before(async () => {
      world = await startWorld({
        people: generatePeople(3),
        environment: { ...administratorSettings, Http__Streaming },
      });
      stage = await openStage(world, world.identityProvider.people);
      origins = { app: world.publicBaseUrl, identityProvider: world.identityProvider.publicUrl };
    });
    after(() => world.stop());

    async function assertFine(bytes: Uint8Array, patienceMs: number): Promise<void> {
      const answers = await send(world.publicBaseUrl, bytes, patienceMs);
      for (const answer of answers) {
        if (isCrash(answer) && !isBeyondHost(bytes)) bare500s++;
        answered.set(answer.status, (answered.get(answer.status) ?? 0) + 1);
        assert.deepEqual(judge(bytes, answer, origins), [], describeExchange(bytes, answer));
      }
    }

    it("requests: each gets an answer with all that it owes", async (test) => {
      const several = fc.array(requests, { minLength: 1, maxLength: together });
      await check(
        test,
        fc.asyncProperty(several, async (batch) => {
          await Promise.all(
            batch.map(async (request) =>
              assertFine(await bytesOf(request, stage), isOddlyFramed(request) ? 50 : 5_000),
            ),
          );
        }),
        timeLimitMs,
      );
      const byStatus = [...answered].toSorted(([a], [b]) => a - b).map(([status, count]) => `${count} of ${status}`);
      test.diagnostic(`answers: ${byStatus.join(", ")}`);
    });

    it("bytes that are hardly requests: they are refused", async (test) => {
      const several = fc.array(scribbles, { minLength: 1, maxLength: together });
      await check(
        test,
        fc.asyncProperty(several, async (batch) => {
          await Promise.all(batch.map((bytes) => assertFine(bytes, 50)));
        }),
        timeLimitMs,
      );
    });

    it("the instance is the same, and well", async () => {
      const [instance] = world.instances;
      assert.equal(await Promise.race([instance?.exited, Promise.resolve("running")]), "running");
      assert.equal((await world.client().fetch("/readyz")).status, 200);
      assert.doesNotMatch(world.log(), /unhandled|uncaught|internal_error/i);
    });

    it(
      "the host says of each 500 of its own that the programming model does not take the head, and of nothing else",
      localHostOnly,
      async () => {
        await eventually("the host has said why", () => crashesIn(linesOf(world)).ofHead.length >= bare500s);
        assert.deepEqual(crashesIn(linesOf(world)).ofApp, []);
      },
    );
  });
}

function linesOf({ instances }: World): readonly string[] {
  return instances[0]?.lines ?? [];
}

async function check(test: TestContext, property: fc.IAsyncProperty<unknown>, timeLimitMs: number): Promise<void> {
  const limits =
    runs === undefined ? { interruptAfterTimeLimit: timeLimitMs, numRuns: defaultRuns } : { numRuns: runs };
  const details = await fc.check(property, { seed, ...limits });
  test.diagnostic(`seed ${seed}: ${details.numRuns} runs of up to ${together} requests`);
  assert.ok(!details.failed, `${String(details.errorInstance)}\n${fc.defaultReportMessage(details)}`);
}

function describeExchange(bytes: Uint8Array, { status, headers, body }: RawAnswer): string {
  const request = Buffer.from(bytes).toString("latin1").slice(0, 2_000);
  return `${JSON.stringify(request)}\n${status} ${JSON.stringify(headers)}\n${body.slice(0, 500)}`;
}

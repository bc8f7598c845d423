import assert from "node:assert/strict";
import { longestWaitMs } from "../../support/assertions.ts";
import { generatePeople } from "../../support/people.ts";
import { untilRequestsTakenUp } from "../../support/store.ts";
import { startWorld } from "../../support/world.ts";
import { canMeet, storeFaults, type Duration, type StoreFault } from "./faults.ts";
import { contended } from "./judge.ts";
import { byAdministrators } from "./journeys/administrators.ts";
import { calls } from "./journeys/calls.ts";
import { queued } from "./journeys/queue.ts";
import { signIns } from "./journeys/sign-ins.ts";
import { signOutsElsewhere, signOutsHere } from "./journeys/sign-outs.ts";
import { startFinisher } from "../../support/finisher.ts";
import { deferredOf, type Journey, type Outcome, type Scene, type StoreOperation } from "./scene.ts";
import { openSlots, type Slots } from "./slots.ts";
import { openStage, type Stage } from "./stage.ts";

/** One try: a journey, with a fault at one of its operations, or without. */
export interface Cell {
  readonly journey: Journey;
  /** Without them nothing goes wrong. */
  readonly operation?: StoreOperation;
  readonly fault?: StoreFault;
  readonly duration?: Duration;
}

/** What came of it. */
export interface Observation extends Cell {
  /** What the caller sees, in words. */
  readonly seen: string;
  /** What is in the store when the fault is over and every late request has arrived, in words. */
  readonly stored: string;
  /** What was wrong with it, whatever the table says. */
  readonly wrong: readonly string[];
  /** How long the caller waited from the fault on; 0 where nobody waits. */
  readonly waitedMs: number;
}

/**
 * There is no answer any more. Requests are answered within {@link longestWaitMs}; an order in the queue, which has no
 * caller, is given up after half a minute.
 */
const patienceMs = 120_000;

/** What is tried together, over one store. */
export const journeys = {
  calls,
  "sign-ins": signIns,
  "sign-outs-here": [...signOutsHere, ...byAdministrators],
  "sign-outs-elsewhere": [...signOutsElsewhere, ...queued],
} as const satisfies Record<string, readonly Journey[]>;
export type Part = keyof typeof journeys;

/** Tries every fault at every operation of the journeys. */
export async function observeFaults(part: Part): Promise<readonly Observation[]> {
  const world = await startWorld({ people: generatePeople(400) });
  const finisher = part.startsWith("sign-outs") ? await startFinisher(world) : undefined;
  try {
    const stage = await openStage(world, world.identityProvider.people, finisher);
    const slots = openSlots();
    const cells = journeys[part].flatMap(cellsOf);
    const observed = await Promise.all(cells.map((cell) => observe(stage, slots, cell)));
    const inTheEnd = await Promise.all(observed.map((each) => finishDeferred(stage, each)));
    return observed.map(({ observation }, index) => withFindings(observation, inTheEnd[index] ?? []));
  } finally {
    await world.stop();
    await finisher?.stop();
  }
}

function withFindings(observation: Observation, more: readonly string[]): Observation {
  return { ...observation, wrong: [...observation.wrong, ...more] };
}

function cellsOf(journey: Journey): readonly Cell[] {
  const faulty = journey.operations.flatMap((operation) =>
    storeFaults
      .filter((fault) => canMeet(fault, operation))
      .flatMap((fault) => fault.durations.map((duration) => ({ journey, operation, fault, duration }))),
  );
  return [{ journey }, ...faulty];
}

interface Observed {
  readonly scene: Scene;
  readonly observation: Observation;
}

async function observe(stage: Stage, slots: Slots, cell: Cell): Promise<Observed> {
  const { journey, operation, fault, duration = "once" } = cell;
  let free = await slots.take();
  const scene = await journey.setUp(stage);
  const { world } = stage;
  const { accountKey, isOwn = () => true } = scene;
  const inForce =
    operation &&
    fault?.inject({ world, skip: 0, ...operation, id: scene.idOf(operation), isOwn, accountKey }, duration);
  // From there on it waits more than it works.
  if (fault?.isSilent || duration === "lasting") void inForce?.met.then(free);
  const begunAt = performance.now();
  const metAt = inForce?.met.then((isMet) => (isMet ? performance.now() : begunAt)) ?? begunAt;
  const outcome = await inTime(scene.act());
  const answeredAt = outcome.answer === undefined ? undefined : performance.now();
  // The app gives up a request that has just left, and answers: that request meets the fault, too.
  await untilRequestsTakenUp(world);
  await inForce?.end();
  free();

  free = await slots.take();
  const isMet = await inForce?.met;
  const waitedMs = answeredAt === undefined ? 0 : answeredAt - (await metAt);
  const stored = await scene.stored();
  const wrong = await failuresOf([
    () => assert.notEqual(isMet, false, "the fault met no request"),
    () => judge(outcome),
    () => assert.ok(waitedMs <= longestWaitMs, `the caller waits ${Math.round(waitedMs)} ms`),
    () => scene.verify(outcome),
  ]);
  free();
  const seen = fault?.isRival && duration === "lasting" ? contendedInWords(outcome.seen) : outcome.seen;
  return { scene, observation: { ...cell, seen, stored, wrong, waitedMs } };
}

async function failuresOf(checks: readonly (() => unknown)[]): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const check of checks) {
    try {
      await check();
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  return failures;
}

/** Either the attempts or the request's time is used up first: the pauses between are drawn at random. */
function contendedInWords(seen: string): string {
  return seen.replace(/`store_(contention|unavailable)`/, contended);
}

async function inTime(act: Promise<Outcome>): Promise<Outcome> {
  const tooLate = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => tooLate.resolve({ seen: "no answer" }), patienceMs);
  return Promise.race([act, tooLate.promise]).finally(() => clearTimeout(timer));
}

/** What holds for every answer. */
function judge({ answer, seen }: Outcome): void {
  assert.notEqual(seen, "no answer", "the caller waits for ever");
  if (answer === undefined || answer.status < 500) return;
  assert.equal(answer.status, 503, "a failure of the store is a 503");
  assert.equal(answer.headers["retry-after"], "2");
}

/**
 * The faults are over: a sign-out that was left for later is carried out, long afterwards, when the mark of the signed-out
 * `sid` is gone.
 * @returns what was wrong with it
 */
async function finishDeferred(stage: Stage, { scene, observation }: Observed): Promise<readonly string[]> {
  const sidKey = scene.idOf({ kind: "read", container: "sids" });
  const { accountKey, earlierAccountKey = accountKey } = scene;
  const [order] = deferredOf(stage, [accountKey, earlierAccountKey, sidKey]);
  if (order === undefined || scene.storedInTheEnd === undefined) return [];
  if (observation.stored.includes("sid signed out")) await stage.world.sids.item(sidKey, sidKey).delete();
  const how = await stage.finisher?.carryOut(order);
  const stored = await scene.stored();
  return how === "done" && stored.startsWith(scene.storedInTheEnd) ? [] : [`left for later, then ${how}: ${stored}`];
}

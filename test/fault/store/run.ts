import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startQueueStorage } from "../../../local/queue-storage/queue-storage.ts";
import { generatePeople } from "../../support/people.ts";
import { startWorld } from "../../support/world.ts";
import { canMeet, storeFaults, type Duration, type StoreFault } from "./faults.ts";
import { calls } from "./journeys/calls.ts";
import { queued } from "./journeys/queue.ts";
import { signIns } from "./journeys/sign-ins.ts";
import { signOuts } from "./journeys/sign-outs.ts";
import { startFinisher } from "./queue.ts";
import { deferredOf, type Journey, type Outcome, type Scene, type StoreOperation } from "./scene.ts";
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
}

/** More would keep the app busier than any fault does, and its deadlines would be about that. */
const atOnce = 24;
/** Those in which somebody waits for an answer that does not come: they keep nobody busy. */
const waitingAtOnce = 120;
/** Whoever waits longer waits for ever: the app's own limit is 10 s. */
const patienceMs = 40_000;

/** What is tried together. */
export const journeys = {
  staying: [...calls, ...signIns],
  leaving: [...signOuts, ...queued],
} as const satisfies Record<string, readonly Journey[]>;
export type Part = keyof typeof journeys;

/** Tries every fault at every operation of the journeys, over one store. */
export async function observeFaults(part: Part): Promise<readonly Observation[]> {
  const world = await startWorld({ people: generatePeople(320) });
  const folder = await mkdtemp(join(tmpdir(), "bff-queue-"));
  const queueStorage = await startQueueStorage({ port: 0, folder });
  const finisher = await startFinisher(world, queueStorage.connectionString);
  try {
    const stage = await openStage(world, world.identityProvider.people, finisher);
    const observed = await observeAll(stage, journeys[part].flatMap(cellsOf));
    const inTheEnd = await finishDeferred(stage, observed);
    return observed.map(({ observation }, index) => withFindings(observation, inTheEnd[index] ?? []));
  } finally {
    await finisher.close();
    await world.stop();
    await queueStorage.stop();
    await rm(folder, { recursive: true, force: true });
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

async function observeAll(stage: Stage, cells: readonly Cell[]): Promise<readonly Observed[]> {
  const [waiting, others] = [cells.filter(isSilent), cells.filter((cell) => !isSilent(cell))];
  const observed = await Promise.all([
    inPool(waitingAtOnce, waiting, (cell) => observe(stage, cell)),
    inPool(atOnce, others, (cell) => observe(stage, cell)),
  ]);
  const byCell = new Map([...waiting, ...others].map((cell, index) => [cell, observed.flat()[index]]));
  return cells.flatMap((cell) => byCell.get(cell) ?? []);
}

function isSilent({ fault }: Cell): boolean {
  return fault?.isSilent ?? false;
}

async function inPool<T, R>(size: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: size }, worker));
  return results;
}

interface Observed {
  readonly scene: Scene;
  readonly observation: Observation;
}

async function observe(stage: Stage, cell: Cell): Promise<Observed> {
  const { journey, operation, fault, duration = "once" } = cell;
  const scene = await journey.setUp(stage);
  const wrong: string[] = [];
  const check = async (what: () => unknown) => {
    try {
      await what();
    } catch (error) {
      wrong.push(error instanceof Error ? error.message : String(error));
    }
  };
  const { world } = stage;
  const { accountKey } = scene;
  const inForce =
    operation && fault?.inject({ world, skip: 0, ...operation, id: scene.idOf(operation), accountKey }, duration);
  const outcome = await inTime(scene.act());
  const isMet = await inForce?.end();
  if (isMet === false) wrong.push("the fault met no request");
  const stored = await scene.stored();
  await check(() => judge(outcome));
  await check(() => scene.verify(outcome));
  return { scene, observation: { ...cell, seen: outcome.seen, stored, wrong } };
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
 * The faults are over: every sign-out that was left for later is carried out, long afterwards, when the marks of signed-out
 * `sid`s are gone.
 */
async function finishDeferred(stage: Stage, observed: readonly Observed[]): Promise<readonly string[][]> {
  return inPool(observed.length, observed, async ({ scene, observation }) => {
    const sidKey = scene.idOf({ kind: "read", container: "sids" });
    const [order] = deferredOf(stage, [scene.accountKey, sidKey]);
    if (order === undefined || scene.storedInTheEnd === undefined) return [];
    if (observation.stored.includes("sid signed out")) await stage.world.sids.item(sidKey, sidKey).delete();
    const how = await stage.finisher?.carryOut(order);
    const [stored] = (await scene.stored()).split("; ");
    return how === "done" && stored === scene.storedInTheEnd ? [] : [`left for later, then ${how}: ${stored}`];
  });
}

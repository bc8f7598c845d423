import { isRecord } from "../../shared/core/encoding.ts";
import { startFinisher } from "../support/finisher.ts";
import { generatePeople } from "../support/people.ts";
import { administratorSettings } from "../support/race.ts";
import { dumpStore } from "../support/store.ts";
import { startWorld, type World } from "../support/world.ts";
import { act, createActor } from "./actor.ts";
import { call } from "./calls.ts";
import { check, type Finding } from "./checker.ts";
import type { History, StoredSessions } from "./history.ts";
import { planFor } from "./plan.ts";
import { finishAll } from "./finishing.ts";
import { createRandom } from "./random.ts";
import { createStage, holderOf, served, type Stage } from "./stage.ts";
import { summarize } from "./summary.ts";

export interface SoakOptions {
  readonly seed: number;
  /** Steps of all browsers together. */
  readonly operations: number;
  readonly scope: History["scope"];
}

export interface SoakResult {
  readonly history: History;
  readonly findings: readonly Finding[];
  /** One line. */
  readonly summary: string;
}

const peopleCount = 6;
const browsersEach = 3;
const maxPerAccount = 4;
const probesAtOnce = 12;

/** Lets people loose on several instances over one store, and finds what must not have happened. */
export async function soak({ seed, operations, scope }: SoakOptions): Promise<SoakResult> {
  const people = generatePeople(peopleCount);
  const environment = {
    ...administratorSettings,
    Session__MaxPerAccount: String(maxPerAccount),
    SignOut__Scope: scope,
  };
  const world = await startWorld({ people, instances: served, environment });
  world.identityProvider.controls.announceBackChannelLogout = true;
  const finisher = await startFinisher(world);
  try {
    const startedAt = performance.now();
    const stage = createStage(world, finisher);
    const steps = planFor(createRandom(seed), { browsers: people.length * browsersEach, operations });
    const actors = steps.map((_, index) => {
      const own = index % people.length;
      return createActor(stage, [...people.slice(own), ...people.slice(0, own)]);
    });
    await Promise.all(actors.map((actor, index) => act(actor, steps[index] ?? [])));
    stopTrouble(world);
    await finishAll(stage);
    await tryEveryCookie(stage);
    const history: History = { scope, maxPerAccount, entries: stage.entries };
    const findings = check(history, await readStore(world));
    const seconds = (performance.now() - startedAt) / 1000;
    return { history, findings, summary: summarize({ seed, operations, seconds, history, findings, world }) };
  } finally {
    await world.stop();
    await finisher.stop();
  }
}

/** When all is over and nothing goes wrong any more: does any cookie ever given still open what it must not? */
async function tryEveryCookie(stage: Stage): Promise<void> {
  const { world, sessions } = stage;
  const waiting = [...sessions.values()];
  const probe = async (instance: number) => {
    for (let session = waiting.shift(); session; session = waiting.shift()) {
      const { status } = await call(stage, holderOf(world, session, instance), session, "me");
      if (status === 200) await call(stage, holderOf(world, session, instance + 1), session, "api");
    }
  };
  await Promise.all(Array.from({ length: probesAtOnce }, (_, index) => probe(index)));
}

function stopTrouble({ cosmos, identityProvider }: World): void {
  cosmos.faults.clear();
  identityProvider.controls.clearFaults();
}

async function readStore(world: World): Promise<StoredSessions> {
  const { accounts } = await dumpStore(world);
  return new Map(Object.entries(accounts).map(([account, text]) => [account, sessionsIn(text)]));
}

/** @param text ETag and document */
function sessionsIn(text: string): ReadonlyMap<string, { createdAt: number }> {
  const document: unknown = JSON.parse(text.slice(text.indexOf(" ") + 1));
  const sessions = isRecord(document) && isRecord(document["sessions"]) ? document["sessions"] : {};
  return new Map(
    Object.entries(sessions).map(([key, session]) => {
      const createdAt = isRecord(session) ? Date.parse(String(session["createdAt"])) : Number.NaN;
      return [key, { createdAt }];
    }),
  );
}

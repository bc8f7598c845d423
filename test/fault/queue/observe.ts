import assert from "node:assert/strict";
import type { AppInstance } from "@entra-functions-bff/functions-host/instance";
import { codeOf, longestWaitMs } from "../../support/assertions.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import type { Answer, Client } from "../../support/http-client.ts";
import { generatePeople } from "../../support/people.ts";
import { startQueueService, type QueueService, type QueueTrouble } from "../../support/queue-service.ts";
import { frontChannel, sidOf } from "../../support/sign-out.ts";
import { accountDocument } from "../../support/store.ts";
import { finishingDisabled, ownForm, sessionCookie, sessionOf, startWorld, type World } from "../../support/world.ts";
import { signedIn } from "../identity-provider/trouble.ts";

/** States of the queue, in the words of docs/faults.md. */
export const states: Readonly<Record<string, QueueTrouble>> = {
  "401, key or token refused": { status: 401 },
  "403, not allowed": { status: 403 },
  "404, there is no such queue": "no such queue",
  "429, too many requests": { status: 429 },
  "503, unavailable": { status: 503 },
  "refuses connections": "refused",
  "does not answer": "silent",
  "answers after half a second": { slowMs: 500 },
};

/** Since before the instance started, or only since it has put a sign-out into the queue. */
export const moments = ["before the start", "while running"] as const;

/** What came of two sign-outs, while the store did not answer and the queue was in trouble. */
export interface QueueObservation {
  readonly state: string;
  readonly moment: (typeof moments)[number];
  /** The answer to whoever signs out in the app, in words. */
  readonly here: string;
  /** The answer to the identity provider, in words. */
  readonly elsewhere: string;
  /** When both are well again. */
  readonly inTheEnd: string;
  readonly waitedMs: number;
  /** What was wrong with it, whatever the table says. */
  readonly wrong: readonly string[];
}

const settings = { SignOut__RetrySeconds: "1", SignOut__FinishSchedule: "* * * * * *", [finishingDisabled]: "false" };

/** Tries every state of the queue, at instances of their own over one store. */
export async function observeQueue(): Promise<readonly QueueObservation[]> {
  const people = generatePeople(Object.keys(states).length * moments.length * 2 + 20);
  const world = await startWorld({ people });
  const names = people.map(({ preferredUsername }) => preferredUsername);
  const next = () => names.pop() ?? assert.fail("Too few people");
  try {
    const observed = Object.keys(states).map(async (state) => observeState(world, state, next));
    return (await Promise.all(observed)).flat();
  } finally {
    await world.stop();
  }
}

async function observeState(world: World, state: string, next: () => string): Promise<readonly QueueObservation[]> {
  const trouble = states[state];
  const service = await startQueueService({ trouble });
  try {
    const instance = await world.startInstance({ ...settings, AzureWebJobsStorage: service.connectionString });
    const observe = async (moment: QueueObservation["moment"]) => ({
      state,
      moment,
      ...(await signOutTwice(world, instance, service, [next(), next()])),
    });
    const before = await observe("before the start");
    // Whatever it keeps of the queue, connections for one, it has by now.
    await putOneIn(world, instance, next());
    await service.set(trouble);
    return [before, await observe("while running")];
  } finally {
    await service.stop();
  }
}

/** Ends the queue's trouble when it is done. */
async function signOutTwice(
  world: World,
  instance: AppInstance,
  service: QueueService,
  people: readonly [string, string],
): Promise<Omit<QueueObservation, "state" | "moment">> {
  const at = world.instances.indexOf(instance);
  const [here, elsewhere] = [await signedIn(world, people[0], at), await signedIn(world, people[1], at)];
  const accounts = [here, elsewhere].map((client) => sessionOf(client).accountKey);
  const cookie = sessionOf(here).value;
  const sid = encodeURIComponent(sidOf(world, people[1]));
  const outages = accounts.map((id) => stopStore(world, id));
  const startedAt = performance.now();
  const answers = await Promise.all([post(world, here), frontChannel(world.client(at), `sid=${sid}`)]);
  const waitedMs = performance.now() - startedAt;
  const wrong: string[] = [];
  const check = (holds: boolean, finding: string) => void (holds || wrong.push(finding));
  check(waitedMs <= longestWaitMs, `the answers take ${Math.round(waitedMs)} ms`);
  check((await world.client(at).fetch("/healthz")).status === 200, "the app does not answer");
  for (const outage of outages) outage.remove();
  const isQueued = codeOf(answers[0]) === "signout_deferred";
  check(
    !here.cookies("localhost").has(sessionCookie) === isQueued,
    "the cookie goes if, and only if, the sign-out is in the queue",
  );
  if (!isQueued) check((await here.fetch("/auth/me")).status === 200, "the session does not work");
  await service.set(undefined);
  const inTheEnd = await finished(world, isQueued, accounts, async () => {
    check(sessionOf(here).value === cookie, "another cookie");
    const [again, byProvider] = [await post(world, here), await frontChannel(world.client(at), `sid=${sid}`)];
    check(again.status < 400 && byProvider.status === 200, "signing out again fails");
  });
  return { here: inWords(answers[0]), elsewhere: inWords(answers[1]), inTheEnd, waitedMs, wrong };
}

async function finished(
  world: World,
  isQueued: boolean,
  accounts: readonly string[],
  signOutAgain: () => Promise<void>,
): Promise<string> {
  const areGone = async () =>
    (await Promise.all(accounts.map((key) => accountDocument(world, key)))).every((account) => account === undefined);
  if (!isQueued) await signOutAgain();
  await eventually("the accounts are gone", areGone);
  return isQueued ? "finished by itself" : "still signed in; signing out again works";
}

async function putOneIn(world: World, instance: AppInstance, person: string): Promise<void> {
  const client = await signedIn(world, person, world.instances.indexOf(instance));
  const { accountKey } = sessionOf(client);
  const outage = stopStore(world, accountKey);
  assert.equal(codeOf(await post(world, client)), "signout_deferred");
  outage.remove();
  await eventually("it is finished", async () => !(await accountDocument(world, accountKey)));
}

function stopStore({ cosmos }: World, id: string): { remove(): void } {
  return cosmos.faults.add({ match: { id }, times: Number.MAX_SAFE_INTEGER, fault: { type: "hang" } });
}

async function post({ publicBaseUrl }: World, client: Client): Promise<Answer> {
  const { method, headers } = ownForm(publicBaseUrl);
  return client.fetch("/auth/logout", { method, headers: { ...headers, accept: "application/json" } });
}

function inWords(answer: Answer): string {
  return `${answer.status} \`${codeOf(answer)}\``;
}

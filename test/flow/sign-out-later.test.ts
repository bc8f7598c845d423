import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { QueueServiceClient, type QueueClient } from "@azure/storage-queue";
import { assertProblem, clearsSession, inTime } from "../support/assertions.ts";
import { letDoubtPass } from "../support/clocks.ts";
import { wasLoaded } from "../support/coverage.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { eventsIn, type LoggedEvent } from "../support/log.ts";
import type { Answer, Client } from "../support/http-client.ts";
import { frontChannel, sidOf } from "../support/sign-out.ts";
import { accountDocument } from "../support/store.ts";
import { finishingDisabled, ownForm, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const everySecond = { SignOut__FinishSchedule: "* * * * * *" };
/** Tried again after a second, by the instance that deferred and by the timer. */
const quick = { SignOut__RetrySeconds: "1", ...everySecond };

/** No operation on documents succeeds until `remove` is called on the result. */
function stopStore({ cosmos }: World): { remove(): void } {
  return cosmos.faults.add({ match: {}, times: Number.MAX_SAFE_INTEGER, fault: { type: "status", status: 503 } });
}

function queueOf({ platform }: World, name: string): QueueClient {
  const connectionString = platform.queueStorage?.connectionString ?? "";
  return QueueServiceClient.fromConnectionString(connectionString).getQueueClient(name);
}

async function signedIn(world: World, username: string, instance = 0): Promise<{ client: Client; accountKey: string }> {
  const client = world.client(instance);
  await signIn(client, username, "/healthz");
  return { client, accountKey: sessionOf(client).accountKey };
}

function signOut({ publicBaseUrl }: World, client: Client, accept = "text/html"): Promise<Answer> {
  const { method, headers } = ownForm(publicBaseUrl);
  return client.fetch("/auth/logout", { method, headers: { ...headers, accept } });
}

/** The attributes of every event of this name that the instances have logged. */
function events(world: World, name: string): LoggedEvent[] {
  return eventsIn(world.log(), name);
}

/** Those of sign-outs that failed, without what they cost. */
function failures(world: World): Record<string, unknown>[] {
  return events(world, "signout").flatMap(({ event, durationMs, requestUnits, ...rest }) => {
    const isMeasured = event === "signout" && Number(durationMs) > 0 && Number(requestUnits) >= 0;
    return rest["outcome"] === "failed" && isMeasured ? [rest] : [];
  });
}

function isLate({ late, outcome, origin }: Record<string, unknown>, expectedOrigin: string): boolean {
  return late === true && outcome === "account_deleted" && origin === expectedOrigin;
}

describe("a sign-out that the store cannot take", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ queueStorage: true, environment: quick });
  });
  after(() => world.stop());

  async function assertFinished(accountKey: string, origin: string): Promise<void> {
    await eventually("the document is gone", async () => !(await accountDocument(world, accountKey)));
    await eventually("it is logged", () => events(world, "signout").some((event) => isLate(event, origin)));
    await eventually("the order is done with", async () => {
      return (await queueOf(world, "sign-outs").getProperties()).approximateMessagesCount === 0;
    });
  }

  it("says so on a page, ends this browser's session, and is finished when the store is back", async () => {
    const { client, accountKey } = await signedIn(world, "ada@contoso.example");
    const outage = stopStore(world);
    const answer = await inTime(() => signOut(world, client));
    assert.equal(answer.status, 503);
    assert.match(answer.body, /<title>You are being signed out<\/title>/);
    assert.match(answer.body, /Your sign-out will be finished as soon as it can be, without you\./);
    assert.ok(clearsSession(answer));
    await eventually("it is logged", () => events(world, "signout_deferred").length === 1);
    outage.remove();
    await assertFinished(accountKey, "app");
  });

  it("tells a program the same, by its code", async () => {
    const { client, accountKey } = await signedIn(world, "ada@contoso.example");
    const outage = stopStore(world);
    const answer = await signOut(world, client, "application/json");
    assertProblem(answer, 503, "signout_deferred");
    assert.ok(clearsSession(answer));
    outage.remove();
    await assertFinished(accountKey, "app");
  });

  it("and that was to end everything is finished too, under a policy that would end one browser's session", async () => {
    const instance = world.instances.indexOf(await world.startInstance({ SignOut__Scope: "session" }));
    const { client, accountKey } = await signedIn(world, "ada@contoso.example", instance);
    const other = await signedIn(world, "ada@contoso.example", instance);
    const outage = stopStore(world);
    const { headers } = ownForm(world.publicBaseUrl);
    const answer = await client.fetch("/auth/sessions", { method: "DELETE", headers });
    assert.equal(answer.status, 503);
    assert.ok(clearsSession(answer));
    outage.remove();
    await assertFinished(accountKey, "sessions_page");
    assertProblem(await other.client.fetch("/auth/me"), 401, "signin_required");
  });

  it("and that began elsewhere is finished too: nobody has to come back for it", async () => {
    const { accountKey } = await signedIn(world, "bruno@contoso.example");
    const sid = sidOf(world, "bruno@contoso.example");
    const outage = stopStore(world);
    const answer = await inTime(() => frontChannel(world.client(), `sid=${encodeURIComponent(sid)}`));
    assert.equal(answer.status, 503);
    const failed = { origin: "front_channel", late: false, outcome: "failed", code: "store_unavailable" };
    await eventually("the failure is logged", () => failures(world).some((event) => isDeepStrictEqual(event, failed)));
    outage.remove();
    await assertFinished(accountKey, "front_channel");
  });

  it("and that an administrator asked for is finished too", async () => {
    const { accountKey } = await signedIn(world, "ada@contoso.example");
    const person = world.identityProvider.people.find((each) => each.preferredUsername === "ada@contoso.example");
    const path = `/auth/accounts/${person?.oid}.${world.identityProvider.tenantId}`;
    const headers = { "x-functions-key": world.platform.administratorKey };
    const outage = stopStore(world);
    const answer = await world.client().fetch(path, { method: "DELETE", headers });
    assertProblem(answer, 503, "signout_deferred");
    outage.remove();
    await assertFinished(accountKey, "administrator");
  });

  it("leaves nothing in the queue that identifies anybody", async () => {
    const { client, accountKey } = await signedIn(world, "ada@contoso.example");
    const { secret } = sessionOf(client);
    const queue = queueOf(world, "sign-outs");
    const outage = stopStore(world);
    await signOut(world, client);
    let text = "";
    await eventually("the message can be seen", async () => {
      const [message] = (await queue.peekMessages()).peekedMessageItems;
      return (text = Buffer.from(message?.messageText ?? "", "base64").toString());
    });
    assert.ok(text.includes(accountKey), text);
    for (const kept of [secret, "ada", "contoso", sidOf(world, "ada@contoso.example")]) assert.ok(!text.includes(kept));
    outage.remove();
    await assertFinished(accountKey, "app");
  });
});

describe("what writes to the queue", () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  /** Uses an instance, ends it, and tells whether it has loaded the queue's client. */
  async function isLoaded(withOutage: boolean): Promise<boolean> {
    const folder = await mkdtemp(join(tmpdir(), "coverage-"));
    const instance = await world.startInstance({ NODE_V8_COVERAGE: folder });
    const { client } = await signedIn(world, "ada@contoso.example", world.instances.indexOf(instance));
    const outage = withOutage ? stopStore(world) : undefined;
    assert.equal((await signOut(world, client)).status, withOutage ? 503 : 200);
    outage?.remove();
    await instance.stop();
    const loaded = await wasLoaded(folder, "dist/storage-queue.cjs");
    await rm(folder, { recursive: true });
    return loaded;
  }

  it("is not even loaded until a sign-out has to wait", async () => {
    assert.equal(await isLoaded(false), false);
    assert.equal(await isLoaded(true), true);
  });
});

describe("the instance that could not finish a sign-out", () => {
  let world: World;
  before(async () => {
    world = await startWorld({
      queueStorage: true,
      environment: { SignOut__RetrySeconds: "1", [finishingDisabled]: "true" },
    });
  });
  after(() => world.stop());

  it("finishes it as soon as the store is back, without waiting for the timer", async () => {
    const { client, accountKey } = await signedIn(world, "ada@contoso.example");
    const outage = stopStore(world);
    assert.equal((await signOut(world, client)).status, 503);
    await eventually("it has tried again", () => failures(world).some(({ late }) => late === true));
    outage.remove();
    await eventually("the document is gone", async () => !(await accountDocument(world, accountKey)));
    await eventually("the order is done with", async () => {
      return (await queueOf(world, "sign-outs").getProperties()).approximateMessagesCount === 0;
    });
  });
});

describe("a sign-out that waits in the queue", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ queueStorage: true, environment: { ...everySecond, [finishingDisabled]: "true" } });
  });
  after(() => world.stop());

  it("survives the process that took it: another one finishes it", async () => {
    const instance = await world.startInstance();
    const { client, accountKey } = await signedIn(world, "ada@contoso.example", world.instances.indexOf(instance));
    const outage = stopStore(world);
    assert.equal((await signOut(world, client)).status, 503);
    await instance.kill();
    outage.remove();
    assert.ok(await accountDocument(world, accountKey));
    const finisher = await world.startInstance({ [finishingDisabled]: "false" });
    await eventually("the document is gone", async () => !(await accountDocument(world, accountKey)));
    await finisher.stop();
  });

  it("spares a sign-in made since", async () => {
    const instance = await world.startInstance();
    const early = await signedIn(world, "bruno@contoso.example", world.instances.indexOf(instance));
    const other = await signedIn(world, "bruno@contoso.example");
    const outage = stopStore(world);
    assert.equal((await signOut(world, early.client)).status, 503);
    await instance.kill();
    outage.remove();
    await letDoubtPass();
    const late = await signedIn(world, "bruno@contoso.example");
    const finisher = await world.startInstance({ [finishingDisabled]: "false" });
    const sessions = async () => Object.keys((await accountDocument(world, early.accountKey))?.sessions ?? {}).length;
    await eventually("only the new session is left", async () => (await sessions()) === 1);
    assert.equal((await late.client.fetch("/auth/me")).status, 200);
    assertProblem(await other.client.fetch("/auth/me"), 401, "signin_required");
    await finisher.stop();
  });
});

describe("a sign-out that cannot be finished", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ queueStorage: true, environment: { ...quick, SignOut__MaxAttempts: "2" } });
  });
  after(() => world.stop());

  it("is put aside after the last attempt, where it can be seen, and is logged", async () => {
    const { client, accountKey } = await signedIn(world, "ada@contoso.example");
    const outage = stopStore(world);
    await signOut(world, client);
    const poison = queueOf(world, "sign-outs-poison");
    await eventually("it is in the poison queue", async () => {
      return (await poison.peekMessages()).peekedMessageItems.length === 1;
    });
    const { peekedMessageItems } = await poison.peekMessages();
    const order: unknown = JSON.parse(Buffer.from(peekedMessageItems[0]?.messageText ?? "", "base64").toString());
    assert.equal((order as Record<string, unknown>)["accountKey"], accountKey);
    outage.remove();
    const abandoned = { event: "signout_abandoned", origin: "app", attempt: 2 };
    // The log is written when the message is in the poison queue, so perhaps a moment later.
    await eventually("it is logged", () => isDeepStrictEqual(events(world, "signout_abandoned"), [abandoned]));
    const failed = { origin: "app", late: true, outcome: "failed", code: "store_unavailable" };
    assert.deepEqual(failures(world), [failed, failed]);
  });

  it("and not even be put into the queue is an error, promises nothing, and leaves the cookie to try again", async () => {
    const { client, accountKey } = await signedIn(world, "bruno@contoso.example");
    const cookie = sessionOf(client).value;
    await world.platform.queueStorage?.kill();
    const outage = stopStore(world);
    const answer = await inTime(() => signOut(world, client));
    assert.deepEqual([answer.status, clearsSession(answer)], [503, false]);
    assert.match(answer.body, /<title>You could not be signed out<\/title>/);
    assert.match(
      answer.body,
      /You may still be signed in\..*<a class="button" href="\/auth\/logout">Sign out again<\/a>/s,
    );
    assertProblem(await inTime(() => signOut(world, client, "application/json")), 503, "signout_failed");
    assert.equal(sessionOf(client).value, cookie);
    const reported = { event: "signout_not_queued", origin: "app", code: "store_unavailable", reason: "ECONNREFUSED" };
    await eventually("both are logged", () =>
      isDeepStrictEqual(events(world, "signout_not_queued"), [reported, reported]),
    );
    outage.remove();
    assert.equal((await client.fetch("/auth/me")).status, 200);
    assert.equal((await signOut(world, client)).status, 200);
    assert.equal(await accountDocument(world, accountKey), undefined);
  });
});

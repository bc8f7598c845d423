import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { QueueServiceClient } from "@azure/storage-queue";
import { sessionKeyOf } from "../../shared/account/document.ts";
import { letDoubtPass } from "../support/clocks.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import type { Client } from "../support/http-client.ts";
import {
  ada,
  assertNoDocument,
  assertOnlySessions,
  assertUseless,
  assertWorks,
  callApi,
  holdStore,
  startWithShortTokens,
} from "../support/race.ts";
import { accountDocument } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const quick = { SignOut__RetrySeconds: "1", SignOut__FinishSchedule: "* * * * * *" };

/**
 * A sign-out from the queue is carried out some time after it was given. It spares sessions that began since, and
 * nothing else.
 */
describe("a sign-out that is finished from the queue, some time after it was asked for", () => {
  let world: World;
  let client: Client;
  let old: { value: string; accountKey: string; secret: string };
  before(async () => {
    world = await startWorld({ instances: 2, queueStorage: true, environment: quick });
  });
  after(() => world.stop());
  beforeEach(async () => {
    await startWithShortTokens(world);
    client = world.client();
    await signIn(client, ada, "/healthz");
    old = sessionOf(client);
  });

  function queue() {
    const connectionString = world.platform.queueStorage?.connectionString ?? "";
    return QueueServiceClient.fromConnectionString(connectionString).getQueueClient("sign-outs");
  }

  /** The order that the app leaves when it cannot reach the store: for all of the account, named by one session. */
  async function leaveOrder(): Promise<void> {
    const order = {
      origin: "app",
      accountKey: old.accountKey,
      sessionKey: sessionKeyOf(old.secret),
      sidKey: null,
      subjectKey: null,
      reach: "scope",
      requestedAt: new Date().toISOString(),
    };
    await queue().createIfNotExists();
    await queue().sendMessage(Buffer.from(JSON.stringify(order)).toString("base64"));
  }

  const done = () =>
    eventually("the order is done with", async () => {
      return (await queue().getProperties()).approximateMessagesCount === 0;
    });

  it("finisher reads, about to delete | new sign-in writes | deletes: only the new sign-in is left", async (test) => {
    const removal = holdStore(test, world, { kind: "delete", when: "before" });
    await leaveOrder();
    await removal.reached();
    await letDoubtPass();
    const other = world.client(1);
    await signIn(other, ada, "/healthz");
    removal.release();
    await done();
    await assertUseless(world, old.value);
    await assertOnlySessions(world, [other]);
  });

  it("finisher reads, about to delete | renewal of the old session writes | deletes: gone all the same", async (test) => {
    const removal = holdStore(test, world, { kind: "delete", when: "before" });
    await leaveOrder();
    await removal.reached();
    await assertWorks(client);
    removal.release();
    await done();
    await assertUseless(world, old.value);
    await assertNoDocument(world, old.accountKey);
  });

  it("two finishers have the same order, both about to delete | one deletes | new sign-in | the other deletes: only the new sign-in is left", async (test) => {
    const removals = holdStore(test, world, { kind: "delete", when: "before", times: 2 });
    await leaveOrder();
    await leaveOrder();
    await removals.reached(2);
    removals.release();
    await eventually("one has deleted it", async () => !(await accountDocument(world, old.accountKey)));
    const other = world.client(1);
    await signIn(other, ada, "/healthz");
    removals.releaseAll();
    await done();
    await assertUseless(world, old.value);
    await assertOnlySessions(world, [other]);
  });

  it("renewal about to write | finisher deletes | renewal writes: 401, and nothing comes back", async (test) => {
    const write = holdStore(test, world, { kind: "replace", when: "before" });
    const call = callApi(client);
    await write.reached();
    await leaveOrder();
    await done();
    write.release();
    assert.equal((await call).status, 401);
    await assertUseless(world, old.value);
    await assertNoDocument(world, old.accountKey);
  });
});

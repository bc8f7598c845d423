import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { directoryNotifications } from "../../functions/directory-notifications.ts";
import { sha256Base64Url } from "../../shared/core/encoding.ts";
import { changeState } from "../../shared/directory/state.ts";
import type { FunctionDefinition } from "../../shared/pipeline/handler.ts";
import { contentOf } from "../../shared/queue/message.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { tenantId } from "./support/environment.ts";
import { graph, type TestGraph } from "./support/graph.ts";
import { call } from "./support/http.ts";

const id = "0c2e9d84-7f13-4a6b-b5d8-91e3c7a4f250";
const never = new AbortController().signal;

describe("POST /auth/directory-notifications", () => {
  let given: TestGraph;
  let definition: FunctionDefinition;
  let begun: number;
  beforeEach(async () => {
    given = graph();
    begun = 0;
    definition = directoryNotifications(given.app, given.directory, () => void begun++);
    await subscribedWith("first");
  });
  afterEach(() => mock.restoreAll());

  async function subscribedWith(secret: string): Promise<void> {
    await changeState(given.app, given.directory, () => ({ clientState: sha256Base64Url(secret) }), never);
  }
  async function notify(clientState: string): Promise<number | undefined> {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ value: [{ clientState, tenantId, changeType: "updated", resourceData: { id } }] });
    return (await call(given.app, definition, { headers, body })).response.status;
  }
  const reads = () => given.app.memory.directory.asked.filter((kind) => kind === "read").length;
  const waiting = () => given.app.directoryQueue.waiting.map(({ text }) => contentOf(text));

  test("is accepted once it is in the queue, and has this instance look at it soon", async () => {
    assert.equal(await notify("first"), 202);
    assert.deepEqual(waiting(), [{ users: [id] }]);
    assert.equal(begun, 1);
  });

  test("reads the secret's hash once, not for each notification", async () => {
    await notify("first");
    const before = reads();
    for (let count = 0; count < 10; count++) assert.equal(await notify("first"), 202);
    assert.equal(reads(), before);
  });

  test("is to come again if it is not known whether the app has just subscribed anew", async () => {
    await notify("first");
    await notify("forged");
    const before = reads();
    await subscribedWith("second");
    const afterSubscribing = reads();
    assert.equal(await notify("second"), 503);
    assert.equal(reads(), afterSubscribing);
    assert.equal(afterSubscribing - before, 1);
    assert.equal(waiting().length, 1);
  });

  test("forged: it is accepted in vain, and the store is not asked for each", async () => {
    assert.equal(await notify("forged"), 202);
    const before = reads();
    for (let count = 0; count < 10; count++) assert.equal(await notify("forged"), 503);
    assert.equal(reads(), before);
    assert.deepEqual([waiting(), begun], [[], 0]);
  });

  test("leaves neither the store nor the queue more time than Microsoft Graph waits", async () => {
    const timeout = mock.method(AbortSignal, "timeout");
    assert.equal(await notify("first"), 202);
    const limits = timeout.mock.calls.map(({ arguments: [ms] }) => ms);
    assert.equal(limits.length, 2);
    assert.ok(limits.reduce((sum, ms) => sum + ms) < 3_000, String(limits));
  });

  test("about thousands of users waits in messages of a hundred, one forged member among them counting for nothing", async () => {
    const ids = Array.from({ length: 5_000 }, (_, index) => id.replace(/^.{8}/, String(index).padStart(8, "0")));
    const members = ids.map((each) => ({ clientState: "first", tenantId, resourceData: { id: each } }));
    const body = JSON.stringify({ value: [{ ...members[0], clientState: "forged" }, ...members.slice(1)] });
    const headers = { "content-type": "application/json" };
    assert.equal((await call(given.app, definition, { headers, body })).response.status, 202);
    const users = waiting().map((work) => work?.["users"] as string[]);
    assert.deepEqual(users.flat(), ids.slice(1));
    assert.ok(users.every(({ length }) => length <= 100));
  });

  for (const [what, fail] of [
    [
      "the store does not say what the secret is",
      () => {
        given.app.memory.directory.before = () => {
          throw new StoreUnavailableError("read in sids");
        };
      },
    ],
    ["the queue does not take it", () => given.app.directoryQueue.failing.add("put")],
  ] as const) {
    test(`is to come again if ${what}`, async () => {
      fail();
      assert.equal(await notify("first"), 503);
      assert.deepEqual([waiting(), begun], [[], 0]);
    });
  }
});

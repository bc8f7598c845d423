import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { sha256Base64Url } from "../../shared/core/encoding.ts";
import { keepSubscribed } from "../../shared/directory/subscription.ts";
import { invocation } from "./support/app.ts";
import { storedState } from "./support/directory.ts";
import { graph, json, type TestGraph } from "./support/graph.ts";
import { once } from "./support/memory-store.ts";

const notificationUrl = "https://app.example/auth/directory-notifications";
const begin = Date.parse("2026-12-01T12:00:00Z");
const hour = 3_600_000;

describe("the subscription to the directory", () => {
  let given: TestGraph;
  /** Subscriptions that Microsoft Graph has. */
  let there: Set<string>;
  beforeEach(() => {
    mock.timers.enable({ apis: ["Date"], now: begin });
    given = graph();
    there = new Set();
    let made = 0;
    given.answer = ({ method, path }) => {
      const id = path.split("/")[1] ?? "";
      if (method === "GET") return json({ value: [...there].map((each) => ({ id: each, notificationUrl })) });
      if (method === "POST") {
        made += 1;
        there.add(`sub-${made}`);
        return json({ id: `sub-${made}` }, 201);
      }
      if (method === "DELETE") return there.delete(id) ? new Response(null, { status: 204 }) : json({}, 404);
      return there.has(id) ? json({}) : json({}, 404);
    };
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });
  const keep = async (isDue = false) => keepSubscribed(given.app, given.directory, invocation(), isDue);
  /** Those since the last call. */
  const requests = () => given.asked.splice(0).map(({ method, path }) => `${method} ${path}`);

  test("is made with a secret of which only the hash is stored, before Microsoft Graph hears of it", async () => {
    let storedBefore: string | null | undefined;
    const { answer } = given;
    given.answer = (request) => {
      if (request.method === "POST") storedBefore = storedState(given.app)?.clientState;
      return answer(request);
    };
    await keep();
    const { json: body } = given.asked.find(({ method }) => method === "POST") ?? assert.fail();
    const { clientState, ...others } = body ?? {};
    assert.deepEqual(others, {
      resource: "users",
      changeType: "updated,deleted",
      notificationUrl,
      lifecycleNotificationUrl: notificationUrl,
      expirationDateTime: new Date(begin + (41_760 - 60) * 60_000).toISOString(),
    });
    assert.ok(typeof clientState === "string" && clientState.length >= 43);
    const state = storedState(given.app);
    assert.deepEqual(
      [state?.subscriptionId, state?.clientState, storedBefore],
      ["sub-1", sha256Base64Url(clientState), sha256Base64Url(clientState)],
    );
    assert.doesNotMatch(JSON.stringify(state), new RegExp(clientState));
  });

  test("is left alone for 12 hours, and then renewed", async () => {
    await keep();
    requests();
    mock.timers.tick(12 * hour);
    await keep();
    assert.deepEqual(requests(), []);
    mock.timers.tick(1);
    await keep();
    assert.deepEqual(requests(), ["PATCH subscriptions/sub-1"]);
    await keep();
    assert.deepEqual(requests(), []);
  });

  test("is renewed at once when Microsoft Graph asks for that", async () => {
    await keep();
    requests();
    await keep(true);
    assert.deepEqual(requests(), ["PATCH subscriptions/sub-1"]);
  });

  test("is made anew when Microsoft Graph no longer knows it, with another secret", async () => {
    await keep();
    const before = storedState(given.app)?.clientState;
    there.clear();
    requests();
    await keep(true);
    assert.deepEqual(requests(), ["PATCH subscriptions/sub-1", "GET subscriptions", "POST subscriptions"]);
    assert.notEqual(storedState(given.app)?.clientState, before);
  });

  test("replaces one that an instance left behind, whose secret nobody knows", async () => {
    there.add("left-behind");
    await keep();
    assert.deepEqual(requests(), ["GET subscriptions", "DELETE subscriptions/left-behind", "POST subscriptions"]);
    assert.equal(there.size, 1);
  });

  test("replaces those on the second page of the list, too", async () => {
    const { answer } = given;
    const next = "https://graph.microsoft.com/v1.0/subscriptions?$skiptoken=2";
    const second = { id: "left-behind", notificationUrl };
    there.add("left-behind");
    given.answer = (request) => {
      if (request.path === "subscriptions" && request.method === "GET") {
        return json({
          value: [{ id: "another app's", notificationUrl: "https://other.example" }],
          "@odata.nextLink": next,
        });
      }
      return request.method === "GET" ? json({ value: [second] }) : answer(request);
    };
    await keep();
    assert.deepEqual([...there], ["sub-1"]);
  });

  test("is the last one of two that two instances make at the same time; the other is taken back", async () => {
    const { answer } = given;
    given.answer = async (request) => {
      const made = await answer(request);
      if (request.method !== "POST") return made;
      given.answer = answer;
      // The other instance does not see this one's subscription yet.
      there.delete("sub-1");
      await keep();
      there.add("sub-1");
      return made;
    };
    await keep();
    assert.equal(storedState(given.app)?.subscriptionId, "sub-2");
    assert.deepEqual([...there], ["sub-2"]);
  });

  for (const [what, answer, reason] of [
    ["refuses", () => json({}, 403), "403"],
    ["does not reach the app", () => json({}, 400), "400"],
    ["cannot be reached", () => Promise.reject(new Error("down")), "not_reached"],
    ["answers with something else", () => new Response("<html>"), "unreadable"],
  ] as const) {
    test(`is tried again after Microsoft Graph ${what}`, async () => {
      const { answer: good } = given;
      given.answer = answer;
      await assert.rejects(keep(), { code: "graph_failed", reason });
      given.answer = good;
      await keep();
      assert.equal(storedState(given.app)?.subscriptionId, "sub-1");
    });
  }

  test("is kept when the store has another version of it by then", async () => {
    await keep();
    once(given.app.memory.directory, "replace", async () => keep(true));
    await keep(true);
    assert.equal(storedState(given.app)?.subscriptionId, "sub-1");
  });
});

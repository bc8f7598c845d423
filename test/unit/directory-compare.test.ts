import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { compareWithDirectory, type CompareOptions } from "../../shared/directory/compare.ts";
import { invocation } from "./support/app.ts";
import { storedState } from "./support/directory.ts";
import { graph, json, type TestGraph } from "./support/graph.ts";
import { isSignedIn, signIn, type OpenedSession } from "./support/sessions.ts";

const base = "https://graph.microsoft.com/v1.0/";
const beginning = "users/delta?$select=accountEnabled,signInSessionsValidFromDateTime";
const hour = 3_600_000;
const begin = Date.parse("2026-12-01T12:00:00Z");
const longAgo = "2020-01-01T00:00:00Z";
const enabled = (id: string, validFrom = longAgo) => ({
  id,
  accountEnabled: true,
  signInSessionsValidFromDateTime: validFrom,
});
const disabled = (id: string) => ({ ...enabled(id), accountEnabled: false });
const never = new AbortController().signal;

const page = (value: object[], next?: string) => ({ value, "@odata.nextLink": next && base + next });
const last = (value: object[], delta = "users/delta?$deltatoken=1") => ({ value, "@odata.deltaLink": base + delta });

describe("the comparison with the directory", () => {
  let given: TestGraph;
  let ada: OpenedSession;
  beforeEach(async () => {
    mock.timers.enable({ apis: ["Date"], now: begin });
    given = graph();
    ada = await signIn(given.app, "ada", { sid: "s" });
    mock.timers.tick(60_000);
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });

  const pages = (all: Readonly<Record<string, object | Response>>) => {
    given.answer = ({ path }) => {
      const found = all[path] ?? assert.fail(`Nobody asks for ${path}`);
      return found instanceof Response ? found.clone() : json(found);
    };
  };
  const compare = async (options: Partial<CompareOptions> = {}) => {
    const asked = invocation();
    await compareWithDirectory(given.app, given.directory, asked, { until: never, ...options });
    return asked.events.filter(({ event }) => event === "directory_compared").map(({ attributes }) => attributes);
  };
  const paths = () => given.asked.splice(0).map(({ path }) => path);
  const isIn = async () => isSignedIn(given.app, ada);
  const reads = () => given.app.memory.accounts.asked.filter((kind) => kind === "read").length;

  test("goes through all users, page by page, and then only through what has changed, once a day", async () => {
    pages({
      [beginning]: page([enabled("a")], "users/delta?$skiptoken=2"),
      "users/delta?$skiptoken=2": last([enabled("b")]),
    });
    assert.deepEqual(await compare(), [{ users: 2, accounts: 0, outcome: "complete" }]);
    assert.deepEqual(paths(), [beginning, "users/delta?$skiptoken=2"]);
    mock.timers.tick(24 * hour - 1);
    assert.deepEqual(await compare(), []);
    mock.timers.tick(2);
    pages({ "users/delta?$deltatoken=1": last([], "users/delta?$deltatoken=2") });
    assert.deepEqual(await compare(), [{ users: 0, accounts: 0, outcome: "complete" }]);
    assert.deepEqual(paths(), ["users/delta?$deltatoken=1"]);
    assert.match(storedState(given.app)?.deltaLink ?? "", /deltatoken=2$/);
  });

  for (const [what, user, stays] of [
    ["a disabled account", disabled("ada"), false],
    ["a deleted account", { id: "ada", "@removed": { reason: "changed" } }, false],
    ["an account deleted for good", { id: "ada", "@removed": { reason: "deleted" } }, false],
    ["sessions revoked after the sign-in", enabled("ada", "2026-12-01T12:00:30Z"), false],
    ["sessions revoked long before the sign-in", enabled("ada", "2026-12-01T11:30:00Z"), true],
    ["an account that nothing has happened to", enabled("ada"), true],
    ["a disabled account that is not signed in", disabled("bruno"), true],
  ] as const) {
    test(`finds ${what}: ada ${stays ? "stays signed in" : "is signed out"}`, async () => {
      pages({ [beginning]: last([enabled("zoe"), user]) });
      await compare();
      assert.equal(await isIn(), stays);
    });
  }

  test("reads no account for a revocation that is older than any session can be", async () => {
    const before = reads();
    pages({ [beginning]: last([enabled("ada"), enabled("bruno", "2026-11-30T12:00:00Z")]) });
    await compare();
    assert.equal(reads(), before);
  });

  test("ends a run when its time is up, and the next one goes on there", async () => {
    const until = AbortSignal.abort();
    pages({
      [beginning]: page([enabled("zoe")], "users/delta?$skiptoken=2"),
      "users/delta?$skiptoken=2": page([disabled("ada")], "users/delta?$skiptoken=3"),
      "users/delta?$skiptoken=3": last([]),
    });
    assert.deepEqual(await compare({ until }), [{ users: 1, accounts: 0, outcome: "goes on" }]);
    assert.deepEqual(await compare({ until }), [{ users: 1, accounts: 1, outcome: "goes on" }]);
    assert.equal(await isIn(), false);
    assert.deepEqual(await compare({ until }), [{ users: 0, accounts: 0, outcome: "complete" }]);
    assert.deepEqual(await compare({ until }), []);
  });

  for (const [what, answer] of [
    ["the status 410", json({ error: { code: "resyncRequired" } }, 410)],
    ["a state token that has expired", json({ error: { code: "syncStateNotFound" } }, 400)],
    ["a page token that has expired", json({ error: { code: "Directory_ExpiredPageToken" } }, 400)],
    ["404 for the place", json({ error: { code: "UnknownError" } }, 404)],
  ] as const) {
    test(`begins again with all users after ${what}`, async () => {
      pages({ [beginning]: last([enabled("ada")]) });
      await compare();
      mock.timers.tick(25 * hour);
      paths();
      pages({ "users/delta?$deltatoken=1": answer, [beginning]: last([enabled("zoe")], "users/delta?$deltatoken=9") });
      await compare();
      assert.deepEqual(paths(), ["users/delta?$deltatoken=1", beginning]);
      assert.match(storedState(given.app)?.deltaLink ?? "", /deltatoken=9$/);
    });
  }

  test("does not begin again over and over if even the beginning is refused", async () => {
    pages({ [beginning]: json({}, 410) });
    await assert.rejects(compare(), { code: "graph_failed", reason: "410" });
  });

  test("keeps its place when a page cannot be had, and when the store fails", async () => {
    pages({
      [beginning]: page([enabled("zoe")], "users/delta?$skiptoken=2"),
      "users/delta?$skiptoken=2": json({}, 503),
    });
    await assert.rejects(compare(), { code: "graph_failed", reason: "503" });
    pages({ "users/delta?$skiptoken=2": last([disabled("ada")]) });
    given.app.memory.accounts.before = () => {
      throw new Error("down");
    };
    await assert.rejects(compare(), /down/);
    given.app.memory.accounts.before = () => undefined;
    await compare();
    assert.equal(await isIn(), false);
  });

  test("sends the app's token nowhere else, whatever a link says", async () => {
    pages({ [beginning]: { value: [], "@odata.nextLink": "https://evil.example/v1.0/users" } });
    await assert.rejects(compare(), { code: "graph_failed", reason: "foreign_link" });
    assert.deepEqual(paths(), [beginning]);
    pages({ [beginning]: { value: [], "@odata.deltaLink": "http://[" } });
    await assert.rejects(compare(), { code: "graph_failed", reason: "foreign_link" });
    pages({ [beginning]: last([disabled("ada")]) });
    await compare();
    assert.equal(await isIn(), false, "the link was remembered");
  });
});

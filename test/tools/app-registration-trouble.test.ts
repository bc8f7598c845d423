import assert from "node:assert/strict";
import { test } from "node:test";
import { assertFailure, startDirectory, fails, onlyApplication, toCreate } from "./app-registration-harness.ts";

test("throttled: waits as long as Graph asks for, then goes on", async () => {
  await using world = await startDirectory();
  world.graph.controls.throttle(2, 7);
  const { exitCode, waits } = await world.run(toCreate);
  assert.deepEqual([exitCode, waits], [0, [7_000, 7_000]]);
});

test("throttled without end or for too long: stops and says when to run again", async () => {
  await using world = await startDirectory();
  world.graph.controls.throttle(Infinity);
  const endless = await fails(
    world,
    toCreate,
    "throttled",
    /^Microsoft Graph is throttling\. Run again in some minutes/,
  );
  assert.deepEqual(endless.waits, [1_000, 2_000, 4_000, 8_000, 16_000]);
  world.graph.controls.clear();
  world.graph.controls.throttle(1, 900);
  const long = await fails(world, toCreate, "throttled", /Run again in 900 s/);
  assert.deepEqual(long.waits, []);
});

test("what was just created is not seen yet: tried again until it is", async () => {
  await using world = await startDirectory();
  const identity = world.graph.directory.putManagedIdentity("portal-identity");
  world.graph.controls.lag(4);
  const { exitCode, waits, writes } = await world.run([...toCreate, "--managed-identity", identity.id]);
  assert.deepEqual([exitCode, waits], [0, [1_000, 2_000, 4_000, 8_000]]);
  assert.equal(writes.filter(({ path }) => path.includes("uniqueName=")).length, 1, "one application, created once");
  assert.equal(world.graph.directory.federatedCredentials(onlyApplication(world.graph).id).length, 1);
});

test("not seen for a minute: stops, says what was created, and another run makes no second one", async () => {
  await using world = await startDirectory();
  world.graph.controls.lag(12);
  const first = await fails(world, toCreate, "not_visible_yet", /Run again in a minute/, [/^application created/]);
  assert.equal(
    first.waits.reduce((sum, ms) => sum + ms, 0),
    60_000,
  );
  assert.equal((await world.run(toCreate)).exitCode, 0);
  assert.equal(world.graph.directory.applications.size, 1);
});

test("an answer that was lost after the write does not make a second registration", async () => {
  await using world = await startDirectory();
  // The registration is there, but reading does not show it: as after a run whose answers got lost.
  await world.succeed(toCreate);
  for (const path of [/uniqueName='[^']*'\)\?/, /displayName eq/]) {
    world.graph.controls.failNext({ method: "GET", path }, { type: "status", status: 404, body: {} });
  }
  const { exitCode } = await world.run(toCreate);
  assert.equal(exitCode, 0);
  onlyApplication(world.graph);
});

test("Graph has trouble for a moment: tried again; for longer: told", async () => {
  await using world = await startDirectory();
  const { controls } = world.graph;
  controls.failNext({ method: "GET" }, { type: "status", status: 503 });
  controls.failNext({ method: "PATCH" }, { type: "reset" });
  const conflict = { error: { code: "Directory_ConcurrencyViolation", message: "Please wait briefly and retry." } };
  controls.failNext({ method: "PATCH" }, { type: "status", status: 409, body: conflict });
  const { exitCode, waits } = await world.run(toCreate);
  assert.deepEqual([exitCode, waits], [0, [1_000, 1_000, 2_000]]);
  controls.failNext({}, { type: "status", status: 500 }, 6);
  await fails(world, toCreate, "graph_unavailable", /^Microsoft Graph could not read the tenant's id/);
});

test("the network is down, silent or answers something else", async () => {
  await using world = await startDirectory();
  const { controls } = world.graph;
  const down = await world.run([...toCreate, "--json"], { graphUrl: "http://127.0.0.1:9" });
  assertFailure(down, "graph_unreachable", /^Microsoft Graph at http:\/\/127\.0\.0\.1:9 cannot be reached: /);
  assert.equal(down.waits.length, 5);
  controls.failNext({}, { type: "hang" }, 6);
  const silent = await world.run([...toCreate, "--json"], { requestTimeoutMs: 20 });
  assertFailure(silent, "graph_unreachable", /no answer in time/);
  controls.clear();
  controls.failNext({}, { type: "garbage" }, 6);
  await fails(world, toCreate, "graph_unreachable", /the server that answered is not Microsoft Graph/);
  controls.failNext({}, { type: "status", status: 302, headers: { location: "/elsewhere" } }, 6);
  const redirected = await fails(world, toCreate, "graph_unreachable", /cannot be reached/);
  assert.ok(!redirected.requests.some(({ path }) => path === "/elsewhere"), "the token does not follow a redirect");
});

test("what Graph refuses otherwise is told in its words", async () => {
  await using world = await startDirectory();
  const host = `https://${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(50)}.example`;
  const args = ["--base-url", host, "--name", "Too long"];
  await fails(
    world,
    args,
    "graph_refused",
    /refused to create the app registration\.\nRequest_BadRequest: Invalid value/,
  );
});

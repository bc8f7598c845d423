import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { assertProblem } from "../support/assertions.ts";
import { clockOffBy } from "../support/clocks.ts";
import type { Client } from "../support/http-client.ts";
import { rewriteSessions, startFresh } from "../support/store.ts";
import { sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
const shifts = [0, 600_000, -600_000] as const;
const names = [
  "an instance whose clock is right",
  "one that is 10 minutes ahead",
  "one that is 10 minutes behind",
] as const;
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const everywhere = [0, 1, 2] as const;

describe("sessions and tokens, where the clocks of instances differ", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ instances: 0, environment: { Session__IdleTimeoutMinutes: "5" } });
    for (const shiftMs of shifts) await world.startInstance(shiftMs === 0 ? {} : clockOffBy(shiftMs));
  });
  after(() => world.stop());
  beforeEach(() => startFresh(world));

  function at(instance: number, browser: Client): Client {
    const client = world.client(instance);
    client.setCookie("localhost", sessionCookie, sessionOf(browser).value);
    return client;
  }

  async function signedInAt(instance: number): Promise<Client> {
    const client = world.client(instance);
    await signIn(client, ada, "/healthz");
    return client;
  }

  const tokenRequests = () => world.identityProvider.controls.requests.count({ endpoint: "token" });

  for (const instance of everywhere) {
    it(`signed in at ${names[instance]}: the session is alive everywhere, and says true times`, async () => {
      const client = await signedInAt(instance);
      for (const other of everywhere) {
        const answer = await at(other, client).fetch("/auth/me");
        assert.equal(answer.status, 200, answer.body);
        const { session } = answer.json() as { session: Record<string, string> };
        for (const time of ["createdAt", "lastSeenAt"]) {
          assert.ok(Math.abs(Date.parse(session[time] ?? "") - Date.now()) < 60_000, `${time} is ${session[time]}`);
        }
      }
    });

    it(`is over for ${names[instance]}, too, when it has not been used for the idle time`, async () => {
      const client = await signedInAt(0);
      const { accountKey } = sessionOf(client);
      const used = (minutes: number) =>
        rewriteSessions(world, accountKey, (session) => ({ ...session, lastSeenAt: minutesAgo(minutes) }));
      await used(4);
      assert.equal((await at(instance, client).fetch("/auth/me")).status, 200);
      await used(6);
      assertProblem(await at(instance, client).fetch("/auth/me"), 401, "signin_required");
    });

    it(`signed in at ${names[instance]}: a token that is good is used everywhere, without asking for another`, async () => {
      world.identityProvider.controls.accessTokenLifetimeSeconds = 400;
      const client = await signedInAt(instance);
      const asked = tokenRequests();
      for (const other of everywhere) assert.equal((await at(other, client).fetch("/api/graph/me")).status, 200);
      assert.equal(tokenRequests(), asked);
    });

    it(`signed in at ${names[instance]}: a token that is about to expire is used nowhere`, async () => {
      world.identityProvider.controls.accessTokenLifetimeSeconds = 200;
      const client = await signedInAt(instance);
      for (const other of everywhere) {
        const asked = tokenRequests();
        assert.equal((await at(other, client).fetch("/api/graph/me")).status, 200);
        assert.equal(tokenRequests(), asked + 1, names[other]);
      }
    });

    it(`renewed at ${names[instance]}: the new token is used everywhere`, async () => {
      world.identityProvider.controls.accessTokenLifetimeSeconds = 200;
      const client = await signedInAt(0);
      world.identityProvider.controls.accessTokenLifetimeSeconds = 400;
      assert.equal((await at(instance, client).fetch("/api/graph/me")).status, 200);
      const asked = tokenRequests();
      for (const other of everywhere) assert.equal((await at(other, client).fetch("/api/graph/me")).status, 200);
      assert.equal(tokenRequests(), asked);
    });
  }
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Person } from "../../local/identity-provider/provider.ts";
import type { Client } from "../support/http-client.ts";
import { generatePeople } from "../support/people.ts";
import { finishSignOut, signOut } from "../support/sign-out.ts";
import { accountDocument } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const people = generatePeople(30);
const instances = 3;

/** Every third person leaves. */
const leaves = (index: number) => index % 3 === 0;

describe("thirty people on three instances over one store", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ people, instances });
    // MSAL renews five minutes before the end: every call needs a new token.
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
  });
  after(() => world.stop());

  /** The same browser talking to each instance in turn, as behind a load balancer without affinity. */
  function browsersOf(client: Client, first: number): [Client, Client, Client] {
    const browser = (instance: number) => {
      const other = world.client(instance % instances);
      for (const [name, value] of client.cookies("localhost")) other.setCookie("localhost", name, value);
      return other;
    };
    return [browser(first), browser(first + 1), browser(first + 2)];
  }

  it("each gets only their own account and their own answers, whatever runs at the same time", async () => {
    // Some go round twice, so that sign-ins and sign-outs meet the others' calls.
    const visits = [...people, ...people.slice(0, 5)];
    await Promise.all(
      [...Map.groupBy(visits, ({ oid }) => oid).values()].map(async (rounds, index) => {
        for (const person of rounds) await visit(person, index % instances);
      }),
    );
    // The API itself saw the right token with every request.
    const echoes = world.downstreamApi.requests.filter(({ path }) => path.includes("caller="));
    assert.equal(echoes.length, visits.length * 2);
    for (const { path, oid } of echoes) assert.equal(new URL(path, "http://api").searchParams.get("caller"), oid);
    const renewals = world.identityProvider.controls.requests.count({ endpoint: "token", grantType: "refresh_token" });
    assert.ok(renewals >= visits.length, `only ${renewals} renewals`);
  });

  /** Signs in, calls through several instances at once, and signs out. */
  async function visit(person: Person, instance: number): Promise<void> {
    const client = world.client(instance);
    await signIn(client, person.preferredUsername, "/healthz");
    const [here, there, elsewhere] = browsersOf(client, instance);
    const echo = `/api/graph/echo?caller=${person.oid}`;
    const [me, account, ...echoes] = await Promise.all([
      here.fetch("/api/graph/me"),
      there.fetch("/auth/me"),
      here.fetch(echo),
      elsewhere.fetch(echo),
    ]);
    assert.equal(me.json()["id"], person.oid, me.body);
    assert.equal((account.json()["account"] as { objectId: string }).objectId, person.oid);
    for (const { status, body } of echoes) assert.ok(status === 200 && body.includes(person.oid), body);
    const { landed } = await signOut(world, client);
    assert.equal(landed.url, `${world.publicBaseUrl}/healthz`);
    assert.equal((await client.fetch("/api/graph/me")).status, 401);
  }

  it("signing out one leaves the others as they were", async () => {
    const clients = await Promise.all(
      people.map(async ({ preferredUsername }, index) => {
        const client = world.client(index % instances);
        await signIn(client, preferredUsername, "/healthz");
        return client;
      }),
    );
    const keys = clients.map((client) => sessionOf(client).accountKey);
    assert.equal(new Set(keys).size, people.length);
    // While a third of them leave, in the app or at the identity provider's own page, the others work on.
    await Promise.all(
      clients.map(async (client, index) => {
        if (leaves(index) && index % 2 === 0) return signOut(world, client);
        if (leaves(index)) return leaveAtProvider(client);
        const answer = await client.fetch("/api/graph/me");
        assert.equal(answer.json()["id"], people[index]?.oid, answer.body);
      }),
    );
    for (const [index, client] of clients.entries()) {
      const gone = leaves(index);
      assert.equal((await client.fetch("/auth/me")).status, gone ? 401 : 200);
      assert.equal((await accountDocument(world, keys[index] ?? "")) === undefined, gone);
    }
  });

  async function leaveAtProvider(client: Client): Promise<void> {
    const { publicUrl } = world.identityProvider;
    const headers = { origin: publicUrl, "sec-fetch-site": "same-origin" };
    const page = await client.fetch(`${publicUrl}/signout`, { method: "POST", headers });
    const { frames } = await finishSignOut(client, page);
    assert.deepEqual(
      frames.map(({ status }) => status),
      [200],
    );
  }
});

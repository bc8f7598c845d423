import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Person } from "@entra-functions-bff/identity-provider";
import type { Client } from "../support/http-client.ts";
import { generatePeople } from "../support/people.ts";
import { finishSignOut, signOut } from "../support/sign-out.ts";
import { accountDocument } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const people = generatePeople(30);
/** Ten come and go, twice each; the others stay. */
const visitors = people.slice(0, 10);
const residents = people.slice(10);
const instances = 3;

/** Every third of those who stayed leaves in the end. */
const leaves = (index: number) => index % 3 === 0;

describe("thirty people on three instances over one store", () => {
  let world: World;
  let clients: readonly Client[] = [];
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
    const coming = visitors.map(async (person, index) => {
      for (let times = 0; times < 2; times++) await leave(await arrive(person, index % instances));
    });
    const staying = residents.map((person, index) => arrive(person, index % instances));
    clients = await Promise.all(staying);
    await Promise.all(coming);
    // The API itself saw the right token with every request.
    const echoes = world.downstreamApi.requests.filter(({ path }) => path.includes("caller="));
    const arrivals = visitors.length * 2 + residents.length;
    assert.equal(echoes.length, arrivals * 2);
    for (const { path, oid } of echoes) assert.equal(new URL(path, "http://api").searchParams.get("caller"), oid);
    const renewals = world.identityProvider.controls.requests.count({ endpoint: "token", grantType: "refresh_token" });
    assert.ok(renewals >= arrivals, `only ${renewals} renewals`);
  });

  /** Signs in, and calls through several instances at once. */
  async function arrive(person: Person, instance: number): Promise<Client> {
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
    return client;
  }

  async function leave(client: Client): Promise<void> {
    const { landed } = await signOut(world, client);
    assert.equal(landed.url, `${world.publicBaseUrl}/healthz`);
    assert.equal((await client.fetch("/api/graph/me")).status, 401);
  }

  it("signing out one leaves the others as they were", async () => {
    const keys = clients.map((client) => sessionOf(client).accountKey);
    assert.equal(new Set(keys).size, residents.length);
    // While a third of them leave, in the app or at the identity provider's own page, the others work on.
    await Promise.all(
      clients.map(async (client, index) => {
        if (leaves(index)) return index % 2 === 0 ? leave(client) : leaveAtProvider(client);
        const answer = await client.fetch("/api/graph/me");
        assert.equal(answer.json()["id"], residents[index]?.oid, answer.body);
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

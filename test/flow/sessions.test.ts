import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { accountId, homeAccountId } from "@entra-functions-bff/identity-provider/people";
import { assertProblem, clearsSession } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { serviceHeaders } from "../support/service.ts";
import { accountDocument } from "../support/store.ts";
import { ownForm, sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

interface Listed {
  readonly id: string;
  readonly current: boolean;
  readonly userAgent: string;
}

async function list(client: Client): Promise<readonly Listed[]> {
  const answer = await client.fetch("/auth/sessions");
  assert.equal(answer.status, 200, answer.body);
  return answer.json()["sessions"] as Listed[];
}

describe("the sessions of an account", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ environment: { FunctionsHost__FunctionKey: "administrator" } });
  });
  after(() => world.stop());

  async function signedIn(username: string, count: number): Promise<Client[]> {
    const clients = Array.from({ length: count }, () => world.client());
    for (const client of clients) await signIn(client, username, "/healthz");
    return clients;
  }

  const personOf = (username: string) =>
    world.identityProvider.people.find(({ preferredUsername }) => preferredUsername === username) ?? assert.fail();
  const own = () => ({ method: "DELETE", headers: { origin: world.publicBaseUrl } });

  it("are listed with the asking one marked, without anything that opens them", async () => {
    const [first, second] = await signedIn("ada@contoso.example", 2);
    assert.ok(first && second);
    const sessions = await list(first);
    assert.equal(sessions.length, 2);
    assert.equal(sessions.filter(({ current }) => current).length, 1);
    const text = JSON.stringify(sessions);
    for (const client of [first, second]) assert.ok(!text.includes(sessionOf(client).secret));
    assert.ok(!text.includes("sealed"));
  });

  it("end one by one, the others untouched; the last one takes the document", async () => {
    const [first, second] = await signedIn("bruno@contoso.example", 2);
    assert.ok(first && second);
    const { accountKey } = sessionOf(first);
    const other = (await list(first)).find(({ current }) => !current)?.id ?? "";
    world.cosmos.operations.clear();
    assert.equal((await first.fetch(`/auth/sessions/${other}`, own())).status, 204);
    assert.ok(world.cosmos.operations.all().length <= 4);
    assertProblem(await second.fetch("/auth/me"), 401, "signin_required");
    assert.equal((await first.fetch("/auth/me")).status, 200);
    assertProblem(await first.fetch(`/auth/sessions/${other}`, own()), 404, "session_unknown");

    const mine = (await list(first))[0]?.id ?? "";
    const ended = await first.fetch(`/auth/sessions/${mine}`, own());
    assert.equal(ended.status, 204);
    assert.ok(clearsSession(ended));
    assert.equal(await accountDocument(world, accountKey), undefined);
  });

  it("end all at once, everywhere", async () => {
    const clients = await signedIn("zoe@contoso.example", 3);
    const [first] = clients;
    assert.ok(first);
    const { accountKey, value } = sessionOf(first);
    world.cosmos.operations.clear();
    const answer = await first.fetch("/auth/sessions", own());
    assert.equal(answer.status, 204);
    assert.ok(clearsSession(answer));
    assert.ok(world.cosmos.operations.all().length <= 4);
    assert.equal(await accountDocument(world, accountKey), undefined);
    first.setCookie("localhost", "__Host-session", value);
    for (const client of clients) assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });

  for (const query of ["everywhere=1", "everywhere", "everywhere="]) {
    it(`end everywhere by a sign-out that says so (${query}), under a policy that would end one browser's, and at the provider`, async () => {
      const instance = world.instances.indexOf(await world.startInstance({ SignOut__Scope: "session" }));
      const [first, second] = [world.client(instance), world.client(instance)];
      for (const client of [first, second]) await signIn(client, "zoe@contoso.example", "/healthz");
      const { accountKey } = sessionOf(first);
      const ask = ownForm(world.publicBaseUrl);

      world.cosmos.operations.clear();
      const answer = await first.fetch(`/auth/logout?${query}`, ask);
      assert.equal(answer.status, 303);
      assert.equal(new URL(answer.headers.location ?? "").origin, world.identityProvider.publicUrl);
      assert.ok(clearsSession(answer));
      assert.ok(world.cosmos.operations.all().length <= 4);
      assert.equal(await accountDocument(world, accountKey), undefined);
      assertProblem(await second.fetch("/auth/me"), 401, "signin_required");
    });
  }

  it("end in this browser alone, when the cookie is of one that another tab has just replaced", async () => {
    const instance = world.instances.indexOf(await world.startInstance({ SignOut__Scope: "session" }));
    const [browser, tab, other] = [world.client(instance), world.client(instance), world.client(instance)];
    for (const client of [browser, other]) await signIn(client, "zoe@contoso.example", "/healthz");
    tab.setCookie("localhost", sessionCookie, sessionOf(browser).value);
    await signIn(tab, "zoe@contoso.example", "/healthz");
    const answer = await browser.fetch("/auth/logout?everywhere=1", ownForm(world.publicBaseUrl));
    assert.equal(answer.status, 303);
    assertProblem(await tab.fetch("/auth/me"), 401, "signin_required");
    assert.equal((await other.fetch("/auth/me")).status, 200);
  });

  for (const [method, path] of [
    ["POST", "/auth/logout?everywhere=1"],
    ["DELETE", "/auth/sessions"],
  ] as const) {
    it(`end everywhere (${method} ${path}) later, when the store cannot even say whose cookie it is`, async () => {
      const [first = assert.fail()] = await signedIn("zoe@contoso.example", 2);
      const { accountKey } = sessionOf(first);
      const { length } = world.deferred;
      const fault = { type: "status", status: 503 } as const;
      const outage = world.cosmos.faults.add({ match: { kind: "read", container: "accounts" }, times: 100, fault });
      const answer = await first.fetch(path, { method, headers: { origin: world.publicBaseUrl } });
      assertProblem(answer, 503, "signout_deferred");
      assert.ok(clearsSession(answer));
      outage.remove();
      const [order, ...more] = world.deferred.slice(length) as Record<string, unknown>[];
      assert.deepEqual([order?.["reach"], order?.["accountKey"], more.length], ["everywhere", accountKey, 0]);
    });
  }

  it("cannot be ended by another site, by another account, or by nobody", async () => {
    const [victim] = await signedIn("ada@contoso.example", 1);
    const [attacker] = await signedIn("bruno@contoso.example", 1);
    assert.ok(victim && attacker);
    const id = (await list(victim)).find(({ current }) => current)?.id ?? "";
    assertProblem(await attacker.fetch(`/auth/sessions/${id}`, own()), 404, "session_unknown");
    assertProblem(await world.client().fetch(`/auth/sessions/${id}`, own()), 401, "signin_required");
    for (const headers of [{}, { origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      assertProblem(await victim.fetch("/auth/sessions", { method: "DELETE", headers }), 403, "cross_site_request");
    }
    for (const name of ["__proto__", "constructor", "toString"]) {
      assertProblem(await victim.fetch(`/auth/sessions/${name}`, own()), 404, "session_unknown");
    }
    assert.equal((await victim.fetch("/auth/me")).status, 200);
  });

  it("are listed, ended and erased by a service with the app role, of the deployed app too", async () => {
    const [client] = await signedIn("zoe@contoso.example", 1);
    assert.ok(client);
    const zoe = personOf("zoe@contoso.example");
    const account = `/auth/accounts/${accountId(zoe)}`;
    const headers = await serviceHeaders(world);
    assertProblem(await world.client().fetch(`${account}/sessions`), 401, "token_invalid");
    const listed = (await world.client().fetch(`${account}/sessions`, { headers })).json();
    const { length } = listed["sessions"] as unknown[];
    assert.ok(length > 0);
    const erased = await world.client().fetch(`${account}/records`, { method: "DELETE", headers });
    assert.deepEqual([erased.json()["outcome"], erased.json()["sessionsRemoved"]], ["account_deleted", length]);
    assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });

  it("are not reached by tricks with the address, nor all of them by one whose last name was left out", async () => {
    const [client] = await signedIn("zoe@contoso.example", 1);
    assert.ok(client);
    const zoe = personOf("zoe@contoso.example");
    const id = accountId(zoe);
    const headers = { ...(await serviceHeaders(world)), origin: world.publicBaseUrl };
    const end = async (path: string) => (await client.fetch(path, { method: "DELETE", headers })).status;
    const others = [
      `${id}.`,
      `${id}%2F`,
      `${id}%2e`,
      `x%2F..%2F${id}`,
      `%00${id}`,
      `${id}%0A`,
      "a".repeat(5_000),
      "..%2f",
    ];
    for (const account of others) {
      for (const what of ["records", "sessions", "sessions/x"]) {
        const status = await end(`/auth/accounts/${account}/${what}`);
        assert.ok(status >= 400 && status < 500, `${account.slice(0, 99)} ${what}: ${status}`);
      }
    }
    assert.deepEqual([await end(`/auth/accounts/${id}/sessions/`), await end("/auth/sessions/")], [400, 400]);
    assert.equal((await client.fetch("/auth/me")).status, 200);
    const upperCase = await client.fetch(`/AUTH/Accounts/${id.toUpperCase()}/sessions`, { headers });
    assert.equal((upperCase.json()["sessions"] as unknown[]).length, 1);
  });

  it("are purged by an administrator's program with its key, guests by their home account or the one here", async () => {
    const guest = world.identityProvider.people.find(({ uid, oid }) => uid !== oid) ?? assert.fail("There is no guest");
    const [client] = await signedIn(guest.preferredUsername, 1);
    assert.ok(client);
    const path = `/auth/accounts/${homeAccountId(guest)}`;
    const asAdministrator = { method: "DELETE", headers: { "x-functions-key": "administrator" } };
    assert.equal((await world.client().fetch(path, { method: "DELETE" })).status, 401);
    assert.equal((await client.fetch("/auth/me")).status, 200);
    const purged = await world.client().fetch(path, asAdministrator);
    assert.deepEqual(purged.json(), { outcome: "account_deleted", sessionsRemoved: 1 });
    assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
    assert.equal((await world.client().fetch(path, asAdministrator)).json()["outcome"], "nothing");
    await signedIn(guest.preferredUsername, 1);
    const byLocalId = await world.client().fetch(`/auth/accounts/${accountId(guest)}`, asAdministrator);
    assert.deepEqual(byLocalId.json(), { outcome: "account_deleted", sessionsRemoved: 1 });
    assertProblem(await world.client().fetch("/auth/accounts/%20", asAdministrator), 400, "invalid_request");
  });
});

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Fault } from "@entra-functions-bff/cosmos-endpoint";
import { appClientId } from "@entra-functions-bff/development";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { notBeforeId } from "../../shared/account/not-before.ts";
import { assertProblem, clearsSession, codeOf } from "../support/assertions.ts";
import type { Answer, Client } from "../support/http-client.ts";
import { administratorHeaders, administratorSettings, holderOf } from "../support/race.ts";
import { accountDocument, dumpStore, startFresh } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const readTroubles: readonly Fault[] = [
  { type: "hang" },
  ...[429, 449, 503, 408, 403].map((status) => ({ type: "status", status }) as const),
  { type: "status", status: 404, substatus: 1003 },
  { type: "reset", when: "before" },
  { type: "garbage", when: "before" },
];

const ada = "ada@contoso.example";
const mika = "mika@fabrikam.example";

describe("an administrator signs everybody out", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ instances: 2, environment: administratorSettings });
  });
  after(() => world.stop());

  const administer = async (method: string, target = "", instance = 0): Promise<Answer> =>
    world.client(instance).fetch(`/auth/not-before${target}`, { method, headers: administratorHeaders });

  async function signedIn(username: string, instance = 0): Promise<Client> {
    const client = world.client(instance);
    await signIn(client, username, "/healthz");
    return client;
  }

  beforeEach(async () => {
    // Both instances forget what the test before has set.
    assert.equal((await administer("DELETE")).status, 200);
    await startFresh(world);
  });

  it("one who has no key gets 401, and nobody is out", async () => {
    const client = await signedIn(ada);
    assert.equal((await world.client().fetch("/auth/not-before", { method: "PUT" })).status, 401);
    assert.equal((await client.fetch("/auth/me")).status, 200);
  });

  it("as a service with the app role, without a key", async () => {
    const client = await signedIn(ada);
    const { tenantId, instance, controls } = world.identityProvider;
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: `${instance}${tenantId}/v2.0`, aud: appClientId, iat: now, exp: now + 600, ver: "2.0" };
    const token = await controls.signToken({ ...claims, tid: tenantId, azp: "a-service", roles: ["Sessions.EndAll"] });
    const headers = { authorization: `Bearer ${token}` };
    assertProblem(await world.client().fetch("/auth/services/not-before", { method: "PUT" }), 401, "token_invalid");
    assert.equal((await client.fetch("/auth/me")).status, 200);
    const answer = await world.client().fetch("/auth/services/not-before", { method: "PUT", headers });
    assert.equal(typeof answer.json()["everybody"], "string", answer.body);
    assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });

  it("at one instance: nobody is served there any more, nor soon at the other, and a new sign-in is", async () => {
    const client = await signedIn(ada);
    const elsewhere = holderOf(world, sessionOf(client).value, 1);
    assert.equal((await elsewhere.fetch("/api/graph/me")).status, 200);
    const answer = await administer("PUT");
    assert.equal(answer.status, 200, answer.body);

    const isOut = async () => codeOf(await elsewhere.fetch("/api/graph/me")) === "signin_required";
    await eventually("the other instance serves her no longer", isOut);
    assert.equal(await accountDocument(world, sessionOf(client).accountKey), undefined, "its tokens have stayed");
    const late = await client.fetch("/auth/me");
    assertProblem(late, 401, "signin_required");
    assert.ok(clearsSession(late));

    // The doubt about the store's clock counts as signed out.
    await eventually("she can sign in", async () => signIn(world.client(1), ada, "/healthz"));
    const again = await signedIn(ada, 1);
    assert.equal((await again.fetch("/api/graph/me")).status, 200);
  });

  it("and takes it back: who has not come meanwhile is served again", async () => {
    const [came, stayed] = [await signedIn(ada), await signedIn(mika)];
    await administer("PUT");
    assertProblem(await came.fetch("/auth/me"), 401, "signin_required");
    assert.equal((await administer("DELETE")).status, 200);
    assert.equal((await stayed.fetch("/auth/me")).status, 200);
    assertProblem(await came.fetch("/auth/me"), 401, "signin_required");
  });

  it("of one tenant, and of no other", async () => {
    const { tenantId } = world.identityProvider;
    const client = await signedIn(ada);
    assertProblem(await administer("PUT", "/"), 400, "invalid_request");
    await administer("PUT", "/11111111-7d2e-4c60-8b14-5e6f7a8b9c0d");
    assert.equal((await client.fetch("/auth/me")).status, 200);
    await administer("PUT", `/${tenantId}`);
    assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
    assert.equal((await administer("DELETE", `/${tenantId}`)).status, 200);
  });

  it("or one person whose cookie has leaked, with that cookie and no browser", async () => {
    const client = await signedIn(ada);
    const holder = holderOf(world, sessionOf(client).value, 0);
    const headers = { origin: world.publicBaseUrl, accept: "application/json" };
    const answer = await holder.fetch("/auth/logout", { method: "POST", headers });
    assert.equal(typeof answer.json()["endSessionUrl"], "string", answer.body);
    assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });

  it("while the store fails: is told so, and nobody is out", async () => {
    const client = await signedIn(ada);
    const fault = { type: "status", status: 403 } as const;
    const match = { id: notBeforeId, kind: ["create", "replace"] } as const;
    const outage = world.cosmos.faults.add({ match, times: Number.MAX_SAFE_INTEGER, fault });
    assertProblem(await administer("PUT"), 503, "store_unavailable");
    outage.remove();
    assert.equal((await client.fetch("/auth/me")).status, 200);
  });

  it("with calls all the time, an instance asks about that every few seconds, and not with each call", async () => {
    const client = await signedIn(ada);
    world.cosmos.operations.clear();
    const [from, calls] = [performance.now(), 40];
    for (let call = 0; call < calls; call++) assert.equal((await client.fetch("/auth/me")).status, 200);
    const seconds = (performance.now() - from) / 1000;
    const asked = world.cosmos.operations.count({ id: notBeforeId });
    assert.ok(asked <= Math.ceil(seconds / 2.5) + 1, `${asked} times in ${seconds} s`);
    const { accountKey } = sessionOf(client);
    assert.equal(world.cosmos.operations.count({ id: accountKey, kind: "read" }), calls);
  });

  it("and if the store keeps that from an instance, whatever its trouble, it serves nobody for long, and everybody once it answers", async () => {
    const client = await signedIn(ada);
    const { accounts } = await dumpStore(world);
    const trouble = inTurn();
    const me = async () => codeOf(await client.fetch("/auth/me"));
    await eventually("nobody is served", async () => (await me()) === "store_unavailable");
    await eventually("it has asked in vain in every way", async () => {
      assert.equal(await me(), "store_unavailable");
      return trouble.asked() >= readTroubles.length;
    });
    trouble.end();
    assert.equal((await client.fetch("/auth/me")).status, 200);
    assert.deepEqual((await dumpStore(world)).accounts, accounts);
  });

  /** Every read of the time meets another trouble than the last. */
  function inTurn(): { asked(): number; end(): void } {
    const requests = new Set<object>();
    const turnOf = (request: object) => [...requests.add(request)].indexOf(request) % readTroubles.length;
    const handles = readTroubles.map((fault, turn) => {
      const match = {
        id: notBeforeId,
        kind: "read",
        predicate: (request: object) => turnOf(request) === turn,
      } as const;
      return world.cosmos.faults.add({ match, times: Number.MAX_SAFE_INTEGER, fault });
    });
    return { asked: () => requests.size, end: () => void handles.map((handle) => handle.remove()) };
  }
});

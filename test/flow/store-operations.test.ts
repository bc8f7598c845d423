import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Client } from "../support/http-client.ts";
import { frontChannel, sidOf, signOut } from "../support/sign-out.ts";
import { operationsOf, startFresh } from "../support/store.ts";
import { ownForm, sessionCookie, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";

/** The last read, of a mark of the account, goes out together with the claim of the sid: the order of the two does not matter. */
function assertSame(actual: readonly string[], expected: readonly string[]): void {
  assert.deepEqual(actual.toSorted(), expected.toSorted());
}

describe("what the store is asked, counted there", () => {
  let world: World;
  let client: Client;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  beforeEach(async () => {
    await startFresh(world);
    client = world.client();
  });

  const signInAs = (browser: Client, username = ada) =>
    operationsOf(world, () => signIn(browser, username, "/healthz"));

  describe("by a sign-in: three operations where no browser of the account is signed in", () => {
    it("the first time", async () => {
      assertSame(await signInAs(client), ["create accounts 201", "create sids 201", "read sids 404"]);
    });

    it("from a second browser of an account that is signed in: two more, because the document is there", async () => {
      await signInAs(client);
      const expected = ["create accounts 409", "read accounts 200", "replace accounts 200"];
      assertSame(await signInAs(world.client()), [...expected, "create sids 201", "read sids 404"]);
    });

    it("again in the same browser: three more, to read what is known, and to end the earlier session when the new one is complete", async () => {
      await signInAs(client);
      const beginning = ["read accounts 200", "read sids 200", "replace accounts 200", "replace sids 200"];
      assertSame(await signInAs(client), [...beginning, "read sids 404", "replace accounts 200"]);
    });

    it("as somebody else in the same browser: three more, for the account that the browser had", async () => {
      await signInAs(client);
      const beginning = ["create accounts 201", "create sids 201", "read sids 404"];
      const ending = ["create sids 201", "read accounts 200", "delete accounts 204"];
      assertSame(await signInAs(client, "bruno@contoso.example"), [...beginning, ...ending]);
    });

    it("in a second tab, begun before the first was done, under the same sid", async () => {
      await signInAs(client);
      const atProvider = await client.fetch(`/auth/login?loginHint=${ada}&returnUrl=/healthz`);
      // The first tab's sign-in completes while the second one's is at the identity provider.
      await signInAs(client);
      const beginning = ["read accounts 200", "read sids 200", "replace accounts 200", "replace sids 200"];
      const secondTab = () => client.navigate(atProvider.headers.location ?? "");
      assertSame(await operationsOf(world, secondTab), [...beginning, "read sids 404", "replace accounts 200"]);
      assert.equal((await client.fetch("/auth/me")).status, 200);
    });

    it("again after the cookie was lost, the identity provider's session still there: four more, for what is known", async () => {
      await signInAs(client);
      client.setCookie("localhost", sessionCookie, "");
      const account = ["create accounts 409", "read accounts 200", "replace accounts 200"];
      const sid = ["create sids 409", "read sids 200", "replace sids 200"];
      assertSame(await signInAs(client), [...account, ...sid, "read sids 404"]);
    });
  });

  describe("by a request of somebody signed in", () => {
    it("calling an API: one read, no write, no token request", async () => {
      await signInAs(client);
      world.identityProvider.controls.requests.clear();
      for (let call = 0; call < 3; call++) {
        const operations = await operationsOf(world, async () => {
          assert.equal((await client.fetch("/api/graph/me")).status, 200);
        });
        assert.deepEqual(operations, ["read accounts 200"]);
      }
      assert.equal(world.identityProvider.controls.requests.count(), 0);
    });

    it("calling an API with an expired access token: one read, one write, one token request", async () => {
      world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
      await signInAs(client);
      world.identityProvider.controls.requests.clear();
      const call = () => client.fetch("/api/graph/me");
      assert.deepEqual(await operationsOf(world, call), ["read accounts 200", "replace accounts 200"]);
      assert.equal(world.identityProvider.controls.requests.count({ endpoint: "token" }), 1);
      assert.equal(world.identityProvider.controls.requests.count(), 1);
    });

    it("many calls at once with an expired access token: one write and one token request for all", async () => {
      world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
      await signInAs(client);
      // A call that comes when the renewal is done finds a good token.
      world.identityProvider.controls.accessTokenLifetimeSeconds = 3600;
      world.identityProvider.controls.requests.clear();
      const gate = world.identityProvider.controls.gate("token");
      const operations = await operationsOf(world, async () => {
        const calls = Array.from({ length: 8 }, () => client.fetch("/api/graph/me"));
        await gate.reached();
        gate.release();
        for (const answer of await Promise.all(calls)) assert.equal(answer.status, 200, answer.body);
      });
      assert.equal(operations.filter((operation) => operation.startsWith("read")).length, 8);
      assert.deepEqual(
        operations.filter((operation) => !operation.startsWith("read")),
        ["replace accounts 200"],
      );
      assert.equal(world.identityProvider.controls.requests.count({ endpoint: "token" }), 1);
    });

    it("asking who is signed in: one read", async () => {
      await signInAs(client);
      assert.deepEqual(await operationsOf(world, () => client.fetch("/auth/me")), ["read accounts 200"]);
    });

    it("with the cookie of a session that has ended: two reads", async () => {
      await signInAs(client);
      const cookie = client.cookies("localhost").get(sessionCookie) ?? "";
      await signOut(world, client);
      client.setCookie("localhost", sessionCookie, cookie);
      const expected = ["read accounts 404", "read sids 404"];
      assert.deepEqual(await operationsOf(world, () => client.fetch("/auth/me")), expected);
    });

    it("without a cookie, or with one that cannot be one: nothing", async () => {
      assert.deepEqual(await operationsOf(world, () => client.fetch("/auth/me")), []);
      client.setCookie("localhost", sessionCookie, "not.a-session");
      assert.deepEqual(await operationsOf(world, () => client.fetch("/api/graph/me")), []);
    });
  });

  describe("by a sign-out: four operations at most", () => {
    it("in the app, with the cookie from before another account has signed in", async () => {
      await signInAs(client);
      const earlier = client.cookies("localhost").get(sessionCookie) ?? "";
      await signInAs(client, "bruno@contoso.example");
      client.setCookie("localhost", sessionCookie, earlier);
      const post = () => client.fetch("/auth/logout", ownForm(world.publicBaseUrl));
      const expected = ["read accounts 404", "read sids 200", "read accounts 200", "delete accounts 204"];
      assert.deepEqual(await operationsOf(world, post), expected);
    });

    it("in the app: the document goes before the browser is sent away", async () => {
      await signInAs(client);
      const post = () => client.fetch("/auth/logout", ownForm(world.publicBaseUrl));
      assert.deepEqual(await operationsOf(world, post), ["read accounts 200", "delete accounts 204"]);
    });

    it("at the identity provider, by sid alone", async () => {
      await signInAs(client);
      const query = `sid=${sidOf(world, ada)}`;
      const expected = ["read sids 200", "replace sids 200", "read accounts 200", "delete accounts 204"];
      assert.deepEqual(await operationsOf(world, () => frontChannel(client, query)), expected);
      // Browsers may load the frame again.
      assert.deepEqual(await operationsOf(world, () => frontChannel(client, query)), [
        "read sids 200",
        "replace sids 200",
        "read accounts 404",
      ]);
    });

    it("in the app and then, in its wake, at the identity provider: the sid is marked, nothing else", async () => {
      await signInAs(client);
      const operations = await operationsOf(world, () => signOut(world, client));
      assert.deepEqual(operations.slice(2), ["read sids 200", "replace sids 200", "read accounts 404"]);
    });
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { assertProblem, clearsSession } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { dumpStore, operationsOf, type StoreDump } from "../support/store.ts";
import { ownForm, sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const flipped = (text: string, at: number) => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);

describe("a session cookie that is not what the app has set", () => {
  let world: World;
  let ada: Client;
  let bruno: Client;
  let stored: StoreDump;
  before(async () => {
    world = await startWorld();
    [ada, bruno] = [world.client(), world.client()];
    await signIn(ada, "ada@contoso.example", "/healthz");
    await signIn(bruno, "bruno@contoso.example", "/healthz");
    stored = await dumpStore(world);
  });
  after(() => world.stop());

  /** Values by what is wrong with them, and whether they look like a cookie of ours, which costs one read. */
  const values: Readonly<Record<string, () => { value: string; reads?: number }>> = {
    "with another account's key and this one's secret": () => {
      return { value: `${sessionOf(bruno).accountKey}.${sessionOf(ada).secret}`, reads: 2 };
    },
    "with this account's key and another one's secret": () => {
      return { value: `${sessionOf(ada).accountKey}.${sessionOf(bruno).secret}`, reads: 2 };
    },
    "with a changed secret": () => ({ value: flipped(sessionOf(ada).value, 60), reads: 2 }),
    "with a changed account key": () => ({ value: flipped(sessionOf(ada).value, 10), reads: 2 }),
    "with the parts exchanged": () => ({ value: sessionOf(ada).value.split(".").toReversed().join("."), reads: 2 }),
    "with the account's key as secret": () => {
      const { accountKey } = sessionOf(ada);
      return { value: `${accountKey}.${accountKey}`, reads: 2 };
    },
    "with the name of the stored session as secret": () => {
      const { accountKey } = sessionOf(ada);
      const document = JSON.parse((stored.accounts[accountKey] ?? "").replace(/^\S+ /, "")) as { sessions: object };
      return { value: `${accountKey}.${Object.keys(document.sessions)[0]}`, reads: 2 };
    },
    "cut short": () => ({ value: sessionOf(ada).value.slice(0, -1) }),
    "cut to the account": () => ({ value: sessionOf(ada).accountKey }),
    "with an empty secret": () => ({ value: `${sessionOf(ada).accountKey}.` }),
    "with a letter more": () => ({ value: `${sessionOf(ada).value}A` }),
    "with a third part": () => ({ value: `${sessionOf(ada).value}.${sessionOf(ada).secret}` }),
    "in quotes": () => ({ value: `"${sessionOf(ada).value}"` }),
    "percent-encoded": () => ({ value: sessionOf(ada).value.replace(".", "%2e") }),
    "in base64 instead of base64url": () => ({ value: `${"+".repeat(43)}.${"/".repeat(43)}` }),
    "that is empty": () => ({ value: "" }),
    "that is JSON": () => ({ value: '{"accountKey":"x"}' }),
    "that tries a path in the store": () => ({ value: `../../docs/${"A".repeat(32)}.${"A".repeat(43)}` }),
    "that names a member of every object": () => ({ value: "__proto__.constructor" }),
    "of 6000 characters": () => ({ value: "A".repeat(6_000) }),
  };

  for (const [what, make] of Object.entries(values)) {
    it(`${what}: sign in again, the cookie goes, nothing changes`, async () => {
      const { value, reads = 0 } = make();
      for (const path of ["/auth/me", "/api/graph/me"]) {
        const client = world.client();
        client.setCookie("localhost", sessionCookie, value);
        const operations = await operationsOf(world, async () => {
          const answer = await client.fetch(path);
          assertProblem(answer, 401, "signin_required");
          assert.ok(clearsSession(answer));
        });
        assert.equal(operations.length, reads);
      }
      await expectHarmlessSignOut(value);
    });
  }

  /** Signing out with such a cookie signs nobody out. */
  async function expectHarmlessSignOut(value: string): Promise<void> {
    const client = world.client();
    client.setCookie("localhost", sessionCookie, value);
    const answer = await client.fetch("/auth/logout", ownForm(world.publicBaseUrl));
    assert.equal(answer.status, 303);
    const { origin, pathname, searchParams } = new URL(answer.headers.location ?? "");
    assert.equal(origin, world.identityProvider.publicUrl);
    assert.match(pathname, /\/oauth2\/v2\.0\/logout$/);
    assert.equal(searchParams.get("logout_hint"), null);
    assert.ok(clearsSession(answer));
    assert.deepEqual(await dumpStore(world), stored);
  }

  const statusWith = async (...cookies: string[]) =>
    (await world.client().fetch("/auth/me", { headers: { cookie: cookies.join("; ") } })).status;

  it("under the name without the prefix, which another host of the domain could set: not looked at", async () => {
    const client = world.client();
    client.setCookie("localhost", "session", sessionOf(ada).value);
    assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });

  it("beside the right one: neither counts, whichever comes first", async () => {
    const { value } = sessionOf(ada);
    assert.equal(await statusWith(`${sessionCookie}=${value}`, `${sessionCookie}=x`), 401);
    assert.equal(await statusWith(`${sessionCookie}=x`, `${sessionCookie}=${value}`), 401);
    assert.equal(await statusWith(`${sessionCookie}=${value}`, `${sessionCookie}=${value}`), 401);
  });

  it("larger than any server takes: refused by the server", async () => {
    const client = world.client();
    client.setCookie("localhost", sessionCookie, "A".repeat(40_000));
    assert.equal((await client.fetch("/auth/me")).status, 431);
  });

  it("of an account that has signed out: sign in again, and no document comes back", async () => {
    const client = world.client();
    await signIn(client, "zoe@contoso.example", "/healthz");
    const { value, accountKey } = sessionOf(client);
    await client.fetch("/auth/logout", ownForm(world.publicBaseUrl));
    client.setCookie("localhost", sessionCookie, value);
    for (const path of ["/auth/me", "/api/graph/me"]) assertProblem(await client.fetch(path), 401, "signin_required");
    assert.equal((await dumpStore(world)).accounts[accountKey], undefined);
  });

  it("leaves those who are signed in as they were", async () => {
    for (const client of [ada, bruno]) assert.equal((await client.fetch("/api/graph/me")).status, 200);
  });
});

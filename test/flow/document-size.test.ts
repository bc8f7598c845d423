import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { assertProblem } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { accountDocument, startFresh } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
/** The most that Azure Cosmos DB takes. */
const largestDocument = 2 * 1024 * 1024;

/** Groups as Entra names them, beyond the number at which it would leave them out. */
const groups = (count: number) => Array.from({ length: count }, () => crypto.randomUUID());

describe("an account whose sessions are large", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ environment: { Session__MaxPerAccount: "50" } });
  });
  after(() => world.stop());
  beforeEach(() => startFresh(world));

  const issue = (claims: Readonly<Record<string, unknown>>) =>
    world.identityProvider.controls.tamperWithNextIdToken({ claims });
  /** Signs in with an ID token of that many groups: 1,000 of them make some 70 KB in the store. */
  async function signInWith(count: number): Promise<Client> {
    const client = world.client();
    issue({ groups: groups(count) });
    await signIn(client, ada, "/healthz");
    return client;
  }
  async function documentOf(client: Client): Promise<{ bytes: number; sessions: number }> {
    const document = await accountDocument(world, sessionOf(client).accountKey);
    const sessions = Object.keys(document?.sessions ?? {}).length;
    return { bytes: Buffer.byteLength(JSON.stringify(document)), sessions };
  }
  /** As many more sessions as in `count` browsers, each as large as the one that is there. */
  async function fill(client: Client, count: number): Promise<void> {
    const { accountKey } = sessionOf(client);
    const document = (await accountDocument(world, accountKey)) ?? assert.fail("no document");
    const [session] = Object.values(document.sessions);
    assert.ok(session);
    const others = Array.from({ length: count }, (_, index) => {
      const createdAt = new Date(Date.parse(session.createdAt) - (index + 1) * 1000).toISOString();
      return [`other-${index}`, { ...session, createdAt }] as const;
    });
    const sessions = { ...document.sessions, ...Object.fromEntries(others) };
    await world.accounts.item(accountKey, accountKey).replace({ ...document, sessions });
  }

  it("signs in with two hundred groups and keeps every session of fifty browsers with 30 KB caches", async () => {
    const first = await signInWith(200);
    const { bytes } = await documentOf(first);
    await fill(first, Math.min(48, Math.floor(1_800_000 / bytes)));
    const { sessions } = await documentOf(first);
    const later = await signInWith(200);
    assert.equal((await documentOf(later)).sessions, sessions + 1);
    for (const client of [first, later]) assert.equal((await client.fetch("/api/graph/me")).status, 200);
  });

  it("signs in at the store's limit: the oldest sessions make room, the newest stay", async () => {
    const first = await signInWith(1_000);
    const { bytes } = await documentOf(first);
    // One more of them would be more than the store takes.
    await fill(first, Math.floor(2_090_000 / bytes) - 1);
    const full = await documentOf(first);
    assert.ok(full.bytes > 1_900_000, "the document is not full");
    const later = await signInWith(1_000);
    const left = await documentOf(later);
    assert.ok(left.bytes < largestDocument && left.sessions < full.sessions && left.sessions > full.sessions / 2);
    for (const client of [first, later]) assert.equal((await client.fetch("/api/graph/me")).status, 200);
  });

  it("renews tokens at the store's limit: the oldest other session makes room for what has grown", async () => {
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    const client = await signInWith(1_000);
    const { bytes } = await documentOf(client);
    await fill(client, Math.floor(1_880_000 / bytes) - 1);
    const full = await documentOf(client);
    issue({ groups: groups(5_000) });
    const answer = await client.fetch("/api/graph/me");
    assert.equal(answer.status, 200, answer.body);
    const left = await documentOf(client);
    assert.ok(left.bytes < largestDocument && left.sessions < full.sessions && left.sessions > 1);
  });

  it("is told when one session alone is too large, and nothing is stored", async () => {
    issue({ groups: groups(45_000) });
    const client = world.client();
    const answer = await client.navigate(`/auth/login?loginHint=${ada}&returnUrl=/healthz`);
    assert.equal(answer.status, 507, answer.body);
    assert.match(answer.body, /too large for this app to store/);
    assert.throws(() => sessionOf(client));
    await signIn(client, ada, "/healthz");
    assert.equal((await documentOf(client)).sessions, 1);
  });

  it("is told when a renewal makes its session too large, which goes on as it was", async () => {
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    const client = await signInWith(10);
    issue({ groups: groups(45_000) });
    assertProblem(await client.fetch("/api/graph/me"), 507, "session_too_large");
    assert.equal((await client.fetch("/auth/me")).status, 200);
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
  });

  it("keeps no more of what a browser says about itself than the names that are known", async () => {
    const client = world.client();
    const userAgent = `Mozilla/5.0 ${"x".repeat(6_000)} Firefox/140.0 (X11; Linux) ${"€".length}`;
    const path = `/auth/login?loginHint=${ada}&returnUrl=/healthz`;
    const answer = await client.navigate(path, { headers: { "user-agent": userAgent } });
    assert.equal(answer.status, 200, answer.body);
    const document = await accountDocument(world, sessionOf(client).accountKey);
    const names = Object.values(document?.sessions ?? {}).map((session) => session.userAgent);
    assert.ok(
      names.every((name) => name.length < 60),
      names.join(),
    );
  });
});

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Answer, Client } from "../support/http-client.ts";
import { logoutToken, sendLogoutToken, subjectOf } from "../support/logout-token.ts";
import { tabOf } from "../support/race.ts";
import { frontChannel, sidOf } from "../support/sign-out.ts";
import { accountDocument, dumpStore, rewriteSessions, startFresh } from "../support/store.ts";
import { untilCallback } from "../support/sign-in-steps.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
const bruno = "bruno@contoso.example";
const instances = 3;
const many = (count: number) => Array.from({ length: count }, (_, index) => index);

const loginAs = (username: string) => async (client: Client) =>
  client.navigate(`/auth/login?loginHint=${username}&returnUrl=/healthz`);

/** Everybody waits until all others have been at the identity provider, so that the app gets all callbacks at once. */
async function comeBackAtOnce(browsers: readonly Client[], username: string): Promise<readonly Answer[]> {
  const callbacks: (() => Promise<Answer>)[] = [];
  for (const browser of browsers) {
    const url = await untilCallback(browser, username);
    callbacks.push(async () => browser.navigate(url.href));
  }
  return Promise.all(callbacks.map(async (comeBack) => comeBack()));
}

/** What everybody is told, each thing once, so that one that is not like the others shows. */
const statuses = (answers: readonly Answer[]) => [...new Set(answers.map(({ status }) => status))];

describe("many requests about one account at once, on three instances", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ instances, environment: { Session__MaxPerAccount: "50" } });
  });
  after(() => world.stop());
  beforeEach(() => startFresh(world));

  async function signedIn(username = ada): Promise<Client> {
    const client = world.client();
    await signIn(client, username, "/healthz");
    return client;
  }
  const sessionsOf = async (client: Client) =>
    Object.keys((await accountDocument(world, sessionOf(client).accountKey))?.sessions ?? {}).length;

  it("fifty sign-outs for one sid: each is told that it is done, and it is", async () => {
    const client = await signedIn();
    const { accountKey } = sessionOf(client);
    const query = `sid=${sidOf(world, ada)}`;
    const answers = await Promise.all(many(50).map((index) => frontChannel(world.client(index % instances), query)));
    assert.deepEqual(statuses(answers), [200]);
    assert.equal(await accountDocument(world, accountKey), undefined);
  });

  it("fifty sign-outs for a sid that nobody knows", async () => {
    const answers = await Promise.all(many(50).map((index) => frontChannel(world.client(index % instances), "sid=x")));
    assert.deepEqual(statuses(answers), [200]);
    assert.equal(Object.keys((await dumpStore(world)).sids).length, 1);
  });

  it("forty browsers come back from the identity provider: all of them are signed in", async () => {
    const browsers = many(40).map((index) => world.client(index % instances));
    assert.deepEqual(statuses(await comeBackAtOnce(browsers, ada)), [200]);
    assert.equal(await sessionsOf(browsers[0] ?? assert.fail()), 40);
  });

  it("twenty tabs of one browser sign in again, under one sid: none fails, and one sign-out ends them all", async () => {
    const client = await signedIn();
    const tabs = many(20).map((index) => tabOf(world, client, index % instances));
    assert.deepEqual(statuses(await Promise.all(tabs.map(loginAs(ada)))), [200]);
    for (const tab of tabs) assert.equal((await tab.fetch("/auth/me")).status, 200);
    assert.equal((await frontChannel(world.client(), `sid=${sidOf(world, ada)}`)).status, 200);
    assert.deepEqual((await dumpStore(world)).accounts, {});
  });

  it("twenty tabs of one browser change to another account: none fails, and the first account is left", async () => {
    const client = await signedIn();
    const { accountKey } = sessionOf(client);
    const tabs = many(20).map((index) => tabOf(world, client, index % instances));
    assert.deepEqual(statuses(await Promise.all(tabs.map(loginAs(bruno)))), [200]);
    for (const tab of tabs) assert.equal((await tab.fetch("/auth/me")).status, 200);
    assert.equal(await accountDocument(world, accountKey), undefined);
  });

  it("forty calls extend the session's idle lifetime: none is told that there is no session", async () => {
    const client = await signedIn();
    const { accountKey } = sessionOf(client);
    const lastSeenAt = new Date(Date.now() - 30 * 60_000).toISOString();
    await rewriteSessions(world, accountKey, (session) => ({ ...session, lastSeenAt }));
    const tabs = many(40).map((index) => tabOf(world, client, index % instances));
    assert.deepEqual(statuses(await Promise.all(tabs.map((tab) => tab.fetch("/api/graph/me")))), [200]);
    assert.doesNotMatch(world.log(), /"step":"extend_idle_lifetime"/);
  });
});

it("forty browsers come back at once where the issuer signs out by subject: one token ends them all", async (test) => {
  const world = await startWorld({ instances: 2, environment: { Session__MaxPerAccount: "50" } });
  test.after(() => world.stop());
  world.identityProvider.controls.announceBackChannelLogout = true;
  const browsers = many(40).map((index) => world.client(index % 2));
  assert.deepEqual(statuses(await comeBackAtOnce(browsers, ada)), [200]);
  const token = await logoutToken(world, { sub: subjectOf(world, ada) });
  assert.equal((await sendLogoutToken(world, token)).status, 200);
  assert.deepEqual((await dumpStore(world)).accounts, {});
});

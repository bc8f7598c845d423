import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { startDirectoryWorld, type DirectoryWorld } from "../support/directory.ts";
import type { Client } from "../support/http-client.ts";
import {
  ada,
  askOfAda,
  assertNoDocument,
  assertOnlySessions,
  assertSignInRequired,
  assertUseless,
  assertWorks,
  callApi,
  holdStore,
  login,
  signOutInTab,
} from "../support/race.ts";
import { accountDocument, rewriteSessions } from "../support/store.ts";
import { sessionOf, signIn } from "../support/world.ts";

const minuteMs = 60_000;
const aMinuteBefore = (time: string) => new Date(Date.parse(time) - minuteMs).toISOString();

/**
 * The directory has no browser and no cookie: it says that an account has changed, some time later, perhaps twice or not at all.
 * Guards: what ends is asked of Microsoft Graph, never of the notification; a revocation has a date, so later sessions stay; the
 * account is marked, so earlier sign-ins under way are refused; whoever had no session yet is looked at once more.
 *
 * Ada has signed in a minute ago, and her sessions are revoked as of half a minute ago, unless the account is disabled.
 */
describe("a directory that ends sessions, while other things happen", () => {
  let world: DirectoryWorld;
  let id: string;
  let client: Client;
  let old: ReturnType<typeof sessionOf>;
  before(async () => {
    world = await startDirectoryWorld({ instances: 2 });
    await world.subscribe();
    id = world.idOf(ada);
  });
  after(() => world.stop());
  beforeEach(async () => {
    await world.restore(id);
    // MSAL renews five minutes before the end.
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    client = await signedInAMinuteAgo();
    old = sessionOf(client);
  });

  async function signedInAMinuteAgo(): Promise<Client> {
    const browser = world.client();
    await signIn(browser, ada, "/healthz");
    await rewriteSessions(world, sessionOf(browser).accountKey, (session) => {
      const { createdTick: _created, startedTick: _started, createdAt, startedAt = createdAt, ...kept } = session;
      return { ...kept, createdAt: aMinuteBefore(createdAt), startedAt: aMinuteBefore(startedAt) };
    });
    return browser;
  }
  async function signedInNow(): Promise<Client> {
    const browser = world.client(1);
    await signIn(browser, ada, "/healthz");
    return browser;
  }
  const controls = () => world.userDirectory.controls;
  const revoke = () => controls().revoke(id, new Date(Date.now() - minuteMs / 2).toISOString());
  const oldHasEnded = async () =>
    eventually("the old session has ended", async () => {
      const document = await accountDocument(world, old.accountKey);
      return !Object.values(document?.sessions ?? {}).some(
        ({ createdAt }) => Date.parse(createdAt) < Date.now() - minuteMs / 2,
      );
    });
  const question = () => controls().gate(/^GET \/v1\.0\/users\/0c2e/);

  it("notification, Microsoft Graph about to answer | new sign-in | ends what was revoked: only the new sign-in is left", async () => {
    const answer = question();
    revoke();
    await answer.reached();
    const other = await signedInNow();
    answer.release();
    await oldHasEnded();
    await assertUseless(world, old.value);
    await assertOnlySessions(world, [other]);
  });

  it("notification looked at, about to write | new sign-in writes | ends what was revoked: only the new sign-in is left", async (test) => {
    const write = holdStore(test, world, { kind: "delete", when: "before" });
    revoke();
    await write.reached();
    const other = await signedInNow();
    write.release();
    await oldHasEnded();
    await assertUseless(world, old.value);
    await assertOnlySessions(world, [other]);
  });

  it("notification looked at, about to write | renewal of the old session writes | ends the account: gone all the same", async (test) => {
    const write = holdStore(test, world, { kind: "delete", when: "before" });
    controls().disable(id);
    await write.reached();
    await assertWorks(client);
    write.release();
    await oldHasEnded();
    await assertUseless(world, old.value);
    await assertNoDocument(world, old.accountKey);
  });

  it("renewal about to write | the directory ends the account | renewal writes: 401, and nothing comes back", async (test) => {
    const write = holdStore(test, world, { kind: "replace", when: "before" });
    const call = callApi(client);
    await write.reached();
    controls().disable(id);
    await oldHasEnded();
    write.release();
    assertSignInRequired(await call);
    await assertUseless(world, old.value);
    await assertNoDocument(world, old.accountKey);
  });

  it("sign-in about to write | the directory ends the account | sign-in writes: refused, and nothing is left", async (test) => {
    const write = holdStore(test, world, { kind: "replace", when: "before" });
    const arriving = world.client(1);
    const arrival = login(arriving);
    await write.reached();
    controls().disable(id);
    await oldHasEnded();
    write.release();
    assert.equal((await arrival).status, 403);
    await assertUseless(world, old.value);
    await assertNoDocument(world, old.accountKey);
  });

  it("sign-in about to create | notification looked at: nobody is there | sign-in creates: ended at the second look", async (test) => {
    await signOutInTab(world, client);
    const creation = holdStore(test, world, { kind: "create", when: "before" });
    const arriving = world.client(1);
    const arrival = login(arriving);
    await creation.reached();
    world.cosmos.operations.clear();
    controls().disable(id);
    await eventually("somebody has looked", () =>
      world.cosmos.operations
        .all()
        .some(({ kind, container, status }) => kind === "read" && container === "accounts" && status === 404),
    );
    creation.release();
    await arrival;
    await world.lookedAt();
    await assertUseless(world, sessionOf(arriving).value);
    await assertNoDocument(world, old.accountKey);
  });

  it("notification looked at, about to write | sign-out, new sign-in | ends what was revoked: the new sign-in stays", async (test) => {
    const write = holdStore(test, world, { kind: "delete", when: "before" });
    revoke();
    await write.reached();
    await signOutInTab(world, client);
    const other = await signedInNow();
    write.release();
    await world.lookedAt();
    await assertUseless(world, old.value);
    await assertOnlySessions(world, [other]);
  });

  it("notification looked at, about to write | sign-out deletes | ends the account: nothing comes back", async (test) => {
    const write = holdStore(test, world, { kind: "delete", when: "before" });
    controls().disable(id);
    await write.reached();
    await signOutInTab(world, client);
    write.release();
    await world.lookedAt();
    await assertUseless(world, old.value);
    await assertNoDocument(world, old.accountKey);
  });

  it("notification looked at, about to write | a service erases the account | ends the account: nothing comes back", async (test) => {
    const write = holdStore(test, world, { kind: "delete", when: "before" });
    controls().disable(id);
    await write.reached();
    assert.equal((await askOfAda(world, "DELETE", "records")).status, 200);
    write.release();
    await world.lookedAt();
    await assertUseless(world, old.value);
    await assertNoDocument(world, old.accountKey);
  });

  it("service about to delete the entries of an account that it erases | the directory ends the account | they are deleted: nothing comes back", async (test) => {
    const removal = holdStore(test, world, { kind: "delete", container: "sids", when: "before" });
    const erasing = askOfAda(world, "DELETE", "records");
    await removal.reached();
    controls().disable(id);
    await world.lookedAt();
    removal.release();
    assert.equal((await erasing).status, 200);
    await assertUseless(world, old.value);
    await assertNoDocument(world, old.accountKey);
  });

  it("sign-out about to delete | the directory ends the account | sign-out deletes: both are done", async (test) => {
    const removal = holdStore(test, world, { kind: "delete", when: "before" });
    const left = signOutInTab(world, client);
    await removal.reached();
    controls().disable(id);
    await oldHasEnded();
    removal.release();
    await left;
    await assertUseless(world, old.value);
    await assertNoDocument(world, old.accountKey);
  });

  it("revoked, notification late | sign-out, new sign-in | notification: the new sign-in stays", async () => {
    controls().delivery.hold();
    revoke();
    await signOutInTab(world, client);
    const other = await signedInNow();
    controls().delivery.release();
    await world.lookedAt();
    await assertOnlySessions(world, [other]);
  });

  it("two notifications of one revocation, both about to write | one ends | new sign-in | the other ends: only the new sign-in is left", async (test) => {
    const writes = holdStore(test, world, { kind: "delete", when: "before", times: 2 });
    controls().delivery.doubleNext();
    revoke();
    await writes.reached(2);
    writes.release();
    await oldHasEnded();
    const other = await signedInNow();
    writes.releaseAll();
    await world.lookedAt();
    await assertUseless(world, old.value);
    await assertOnlySessions(world, [other]);
  });

  it("revoked, notification lost | new sign-in | comparison: only the new sign-in is left", async () => {
    controls().delivery.loseNext();
    revoke();
    const other = await signedInNow();
    controls().lifecycle("missed");
    await oldHasEnded();
    await assertUseless(world, old.value);
    await assertOnlySessions(world, [other]);
  });

  it("forged notification | renewal: nothing ends, and Microsoft Graph is not asked", async () => {
    world.userDirectory.requests.length = 0;
    const forged = { clientState: "guess", tenantId: world.identityProvider.tenantId, resourceData: { id } };
    const headers = { "content-type": "application/json" };
    const address = `${world.publicBaseUrl}/auth/directory-notifications`;
    await fetch(address, { method: "POST", headers, body: JSON.stringify({ value: [forged] }) });
    await assertWorks(client);
    await world.lookedAt();
    await assertOnlySessions(world, [client]);
    assert.deepEqual(world.userDirectory.requests, []);
  });

  it("two timers about to subscribe | both do: one subscription is left, and it is the one that counts", async () => {
    controls().dropSubscriptions();
    await world.forgetSubscription();
    const both = controls().gate(/^POST \/v1\.0\/subscriptions$/);
    await Promise.all([world.runTimer(0), world.runTimer(1)]);
    await both.reached(2);
    both.release();
    const { requests, subscriptions } = world.userDirectory;
    const isTakenBack = () => requests.some((asked) => asked.startsWith("DELETE")) && subscriptions.size === 1;
    await eventually("one of two is taken back", isTakenBack);
    controls().disable(id);
    await oldHasEnded();
    await assertUseless(world, old.value);
  });
});

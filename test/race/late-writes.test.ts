import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import {
  ada,
  assertNoDocument,
  assertOnlySessions,
  assertSignInRequired,
  assertUseless,
  callApi,
  holdStore,
  signOutInTab,
  startWithShortTokens,
  type HeldRequests,
} from "../support/race.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

/**
 * A request that an instance has abandoned may reach the store seconds later, when the account has changed. Guards:
 * versions for `replace` and `delete`; another secret for the next create.
 */
describe("a write that reaches the store long after the instance gave it up", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ instances: 2 });
  });
  after(() => world.stop());
  beforeEach(() => startWithShortTokens(world));

  /** Lets the held request go, and waits until the store has dealt with it. */
  async function arrive(late: ReturnType<typeof holdStore>, kind: HeldRequests["kind"]): Promise<void> {
    const done = world.cosmos.faults.gate({ match: { kind, container: "accounts" }, when: "after" });
    late.release();
    await done.reached();
    done.releaseAll();
  }

  it("sign-in creates: given up, created again | sign-out deletes | the first create arrives: the old cookie opens nothing", async (test) => {
    const late = holdStore(test, world, { kind: "create", when: "before" });
    const client = world.client();
    await signIn(client, ada, "/healthz");
    const old = sessionOf(client);
    await signOutInTab(world, client);
    await arrive(late, "create");
    await assertUseless(world, old.value);
  });

  it("renewal writes: given up, written again | sign-out deletes | the first write arrives: nothing comes back", async (test) => {
    const client = world.client();
    await signIn(client, ada, "/healthz");
    const old = sessionOf(client);
    const late = holdStore(test, world, { kind: "replace", when: "before" });
    assert.equal((await callApi(client)).status, 200);
    await signOutInTab(world, client);
    await arrive(late, "replace");
    assertSignInRequired(await callApi(client));
    await assertNoDocument(world, old.accountKey);
  });

  it("sign-out deletes: given up, deleted again | new sign-in | the first delete arrives: the new sign-in stays", async (test) => {
    const client = world.client();
    await signIn(client, ada, "/healthz");
    const old = sessionOf(client);
    const late = holdStore(test, world, { kind: "delete", when: "before" });
    await signOutInTab(world, client);
    const other = world.client(1);
    await signIn(other, ada, "/healthz");
    await arrive(late, "delete");
    await assertUseless(world, old.value);
    await assertOnlySessions(world, [other]);
  });
});

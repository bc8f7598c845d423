import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accountKeyOf } from "../../shared/account/document.ts";
import { findAccount, guestKeyFor } from "../../shared/account/guests.ts";
import { personKeyOf } from "../../shared/account/index-entry.ts";
import { purgeAccount } from "../../shared/sign-out/by-administrator.ts";
import { carryOut } from "../../shared/sign-out/carry-out.ts";
import { eraseAccount } from "../../shared/sign-out/erase.ts";
import { openSession } from "../../shared/sign-in/open-session.ts";
import type { SessionCookie } from "../../shared/session/cookie.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { invocation, signedIn, testApp, type TestApp } from "./support/app.ts";
import { tenantId } from "./support/environment.ts";
import { isProblem } from "./support/is-problem.ts";
import { once } from "./support/memory-store.ts";
import { aMinuteAgo, aMomentLater, isSignedIn, signIn } from "./support/sessions.ts";

const homeTenant = "11111111-2222-4333-8444-555555555555";
const homeId = `mika-at-home.${homeTenant}`;
const localId = `mika-here.${tenantId}`;

/** Mika of another tenant signs in as a guest of `tenantId`. */
async function signInGuest(app: TestApp, startedAt?: number): Promise<SessionCookie> {
  startedAt ??= await aMomentLater();
  const { claims, ...others } = signedIn("mika-here", "sid-of-mika");
  const guest = { ...others, claims: { ...claims, homeAccountId: homeId } };
  return openSession(app, { signedIn: guest, userAgent: "", startedAt, previous: undefined }, invocation());
}

const purge = (app: TestApp, id: string) => purgeAccount(app, id, invocation());
const entryOf = (app: TestApp) => app.memory.sids.documents.get(personKeyOf(app.authority.environment, localId));
const operations = ({ memory }: TestApp) => memory.accounts.asked.length + memory.sids.asked.length;

async function operationsOf(app: TestApp, act: () => Promise<unknown>): Promise<number> {
  const before = operations(app);
  await act();
  return operations(app) - before;
}

describe("a guest's session", () => {
  test("is found by the home account and by the id in the tenant of the sign-in, in upper or lower case", async () => {
    const app = testApp();
    const { accountKey } = await signInGuest(app);
    assert.equal(accountKey, accountKeyOf(app.authority.environment, homeId));
    for (const id of [homeId, localId, localId.toUpperCase()]) {
      const found = await findAccount(app.memory, app.authority.environment, id, new AbortController().signal);
      assert.equal(found?.document.id, accountKey);
    }
  });

  test("is erased by either id: no entry leads to the account any more, only marks are left", async () => {
    for (const id of [homeId, localId]) {
      const app = testApp();
      await signInGuest(app);
      const erased = await eraseAccount(app, id, invocation());
      assert.deepEqual(erased, { outcome: "account_deleted", sessionsRemoved: 1, entriesRemoved: 2 });
      const left = [...app.memory.sids.documents.values()];
      assert.deepEqual(
        left.map(({ accountKey, ttl }) => [accountKey, ttl]),
        [[null, 16 * 60]],
        id,
      );
    }
  });

  test("keeps its entry if the guest signs in anew while an earlier session is erased", async () => {
    const app = testApp();
    await signInGuest(app);
    once(app.memory.sids, "delete", () => signInGuest(app));
    await eraseAccount(app, localId, invocation());
    assert.ok(await findAccount(app.memory, app.authority.environment, localId, new AbortController().signal));
  });

  test("is ended by either id, with four operations at most", async () => {
    for (const id of [homeId, localId]) {
      const app = testApp();
      const [guest, member] = [await signInGuest(app), await signIn(app, "ada", { sid: "1" })];
      const taken = await operationsOf(app, async () => {
        assert.deepEqual(await purge(app, id), { outcome: "account_deleted", sessionsRemoved: 1 });
      });
      assert.ok(taken <= 4, `${taken} operations`);
      assert.deepEqual([await isSignedIn(app, guest), await isSignedIn(app, member)], [false, true]);
    }
  });

  test("has an entry that holds no id in the clear; a member's sign-in writes none", async () => {
    const app = testApp();
    await signInGuest(app);
    assert.ok(entryOf(app));
    assert.doesNotMatch(JSON.stringify([...app.memory.sids.documents.values()]), /mika|11111111/);
    const before = app.memory.sids.documents.size;
    assert.equal(await operationsOf(app, () => signIn(app, "ada", { sid: "1" })), 3);
    assert.equal(app.memory.sids.documents.size, before + 1);
  });

  test("of an identity provider without home accounts needs no entry", () => {
    const claims = { homeAccountId: "subject", objectId: "o", tenantId };
    assert.equal(guestKeyFor("idp.example", claims), undefined);
  });
});

/** The tenant knows a guest by another id than the account has. Guard: that id has an entry, which the purge marks and the callback claims. */
describe("a purge of a guest by the id in the tenant", () => {
  for (const [name, id] of [
    ["local id", localId],
    ["home id", homeId],
  ] as const) {
    test(`first sign-in of a guest | purge by the ${name} | its callback: refused, and nothing is stored`, async () => {
      const app = testApp();
      assert.ok((await operationsOf(app, () => purge(app, id))) <= 4);
      await assert.rejects(signInGuest(app, aMinuteAgo()), isProblem("signin_signed_out"));
      assert.equal(app.memory.accounts.documents.size, 0);
    });
  }

  test("guest's session written | purge by the local id | guest's entry claimed: refused, and nothing is stored", async () => {
    const app = testApp();
    once(app.memory.sids, "create", () => purge(app, localId));
    await assert.rejects(signInGuest(app, aMinuteAgo()), isProblem("signin_signed_out"));
    assert.equal(app.memory.accounts.documents.size, 0);
  });

  test("is left to the queue with hashes only when the store fails, and finds the guest when it is finished", async () => {
    for (const container of ["accounts", "sids"] as const) {
      const app = testApp();
      const guest = await signInGuest(app);
      const asked = invocation();
      app.memory[container].before = () => {
        throw new StoreUnavailableError("test");
      };
      await assert.rejects(purgeAccount(app, localId, asked), isProblem("signout_deferred"));
      app.memory[container].before = () => undefined;
      assert.doesNotMatch(JSON.stringify(asked.orders), /mika/);
      await carryOut(app, asked.orders[0] ?? assert.fail("nothing was handed on"), invocation(), { late: true });
      assert.equal(await isSignedIn(app, guest), false);
    }
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { isAccountDocument, unreadableAccount } from "../../shared/account/document.ts";
import { isStoredEntry, unreadableEntry } from "../../shared/account/stored-entry.ts";
import { readEntry } from "../../shared/account/change-entry.ts";
import { withSessions } from "../../shared/account/change-account.ts";
import type { AccountStore } from "../../shared/account/store.ts";
import { parseSessionCookie } from "../../shared/session/cookie.ts";
import { isKnownFormat } from "../../shared/store/format.ts";
import { pointOperations } from "../../shared/store/point-operations.ts";
import { testApp } from "./support/app.ts";
import { memoryStore } from "./support/memory-store.ts";
import { scriptedContainer } from "./support/scripted-container.ts";
import { visit } from "./support/sessions.ts";

type Document = Record<string, unknown> & { readonly id: string };

/** What the first version that numbers its documents has stored at a sign-in, with the cookie that it has given. */
const stored = JSON.parse(readFileSync(join(import.meta.dirname, "support/stored-in-format-1.json"), "utf8")) as {
  readonly cookie: string;
  readonly account: Document;
  readonly sid: Document;
};
const cookie = parseSessionCookie(stored.cookie) ?? assert.fail("not a cookie");
const { signal } = new AbortController();

function storeWith(change: object): AccountStore {
  const [accounts, sids] = [stored.account, stored.sid].map((document) => {
    const script = scriptedContainer();
    script.documents.set(document.id, { resource: { ...document, ...change }, etag: '"1"' });
    return script.container;
  });
  assert.ok(accounts && sids);
  return {
    ...memoryStore(),
    accounts: pointOperations(accounts, isAccountDocument, { otherwise: unreadableAccount }),
    sids: pointOperations(sids, isStoredEntry, { otherwise: unreadableEntry }),
  };
}
const visitWith = async (change: object) => visit({ ...testApp(), store: async () => storeWith(change) }, cookie);

describe("what earlier versions have stored", () => {
  beforeEach(() => mock.timers.enable({ apis: ["Date"], now: Date.parse(String(accountTimes().lastSeenAt)) + 60_000 }));
  afterEach(() => mock.timers.reset());

  for (const [which, change] of Object.entries({
    "format 1": {},
    "the time before formats had numbers": { version: undefined },
  })) {
    test(`is read: a session of ${which} is open, and its sid leads to it`, async () => {
      const session = await visitWith(change);
      assert.equal(session?.secrets.claims.name, "Ada Lindqvist");
      const entry = await readEntry(storeWith(change).sids, "sid or subject", stored.sid.id, signal);
      assert.equal(entry?.document.claim?.accountKey, stored.account.id);
      assert.equal(entry.document.unreadable, undefined);
    });
  }

  test("is read with members that a later version has added", async () => {
    assert.ok(await visitWith({ later: { member: 1 } }));
  });

  test("is not read in a later format: nobody is signed in, and the sid still leads to the account", async () => {
    assert.equal(await visitWith({ version: 2 }), undefined);
    const entry = await readEntry(storeWith({ version: 2 }).sids, "sid or subject", stored.sid.id, signal);
    assert.deepEqual([entry?.document.claim?.accountKey, entry?.document.unreadable], [stored.account.id, true]);
  });
});

test("a format's number is 1 or, from documents without one, none", () => {
  assert.deepEqual([undefined, 1].map(isKnownFormat), [true, true]);
  assert.deepEqual([2, 0, 1.5, "1", null].map(isKnownFormat), [false, false, false, false, false]);
});

test("every document says in which format it was written", async () => {
  const script = scriptedContainer();
  const accounts = pointOperations(script.container, isAccountDocument);
  const document = withSessions("a", {}, { lifetimes: { idleTimeoutMinutes: 60 }, clock: Date });
  await accounts.create(document, signal);
  assert.equal(script.documents.get("a")?.resource["version"], 1);
  script.documents.set("a", { resource: { id: "a" }, etag: '"1"' });
  await accounts.replace(document, '"1"', signal);
  assert.equal(script.documents.get("a")?.resource["version"], 1);
});

function accountTimes(): { readonly lastSeenAt?: unknown } {
  const [session] = Object.values(stored.account["sessions"] as Record<string, { readonly lastSeenAt?: unknown }>);
  return session ?? assert.fail("no session");
}

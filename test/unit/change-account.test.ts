import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { changeSession } from "../../shared/account/fit-session.ts";
import { removeSessions, type AccountDocument, type Change } from "../../shared/account/document.ts";
import { changeAccount, withSessions, type ChangeResult } from "../../shared/account/change-account.ts";
import { isProblem } from "./support/is-problem.ts";
import { memoryOperations, type MemoryOperations } from "./support/memory-store.ts";
import { storedSession } from "./support/stored-session.ts";

const { signal } = new AbortController();
const timing = { lifetimes: { idleTimeoutMinutes: 60 }, clock: Date };
let accounts: MemoryOperations<AccountDocument>;

beforeEach(async () => {
  mock.method(Math, "random", () => 0);
  accounts = memoryOperations();
  await write({ mine: storedSession(), other: storedSession() });
});
afterEach(() => mock.restoreAll());

async function write(sessions: AccountDocument["sessions"]): Promise<void> {
  const document = withSessions("a", sessions, timing);
  const seen = await accounts.read("a", signal);
  await (seen ? accounts.replace(document, seen.etag, signal) : accounts.create(document, signal));
}

async function change(decide: (document: AccountDocument) => Change): Promise<ChangeResult> {
  const seen = await accounts.read("a", signal);
  return changeAccount(accounts, seen ?? assert.fail(), decide, timing, signal);
}

const seal = (sealed: string) => (document: AccountDocument) =>
  changeSession(document, "mine", (session) => ({ ...session, sealed }));
const remove =
  (...keys: string[]) =>
  (document: AccountDocument) =>
    removeSessions(document, keys);
const sessions = () => accounts.documents.get("a")?.sessions;

describe("a change of the account document", () => {
  test("is one write", async () => {
    const before = accounts.asked.length;
    assert.equal((await change(seal("new"))).outcome, "replaced");
    assert.equal(sessions()?.["mine"]?.sealed, "new");
    assert.deepEqual(accounts.asked.slice(before), ["read", "replace"]);
  });

  test("that changes nothing writes nothing", async () => {
    const before = accounts.asked.length;
    assert.equal((await change(remove("unknown"))).outcome, "unchanged");
    assert.deepEqual(accounts.asked.slice(before), ["read"]);
  });

  test("that takes the last session takes the document", async () => {
    const result = await change(remove("mine", "other"));
    assert.equal(result.outcome, "deleted");
    assert.deepEqual(Object.keys(result.before?.sessions ?? {}), ["mine", "other"]);
    assert.equal(sessions(), undefined);
  });
});

test("a change that never gets its turn is reported, after a bounded number of attempts", async () => {
  let writing = false;
  let attempts = 0;
  accounts.before = async (kind) => {
    if (kind !== "replace" || writing) return;
    attempts++;
    writing = true;
    await write({ mine: storedSession() });
    writing = false;
  };
  await assert.rejects(change(seal("new")), isProblem("store_contention"));
  assert.equal(attempts, 24);
});

test("a change does not go on after the request's time is up", async () => {
  const seen = (await accounts.read("a", signal)) ?? assert.fail();
  const ends = new AbortController();
  accounts.before = (kind) => {
    if (kind !== "replace") return;
    ends.abort();
    throw new Error("aborted");
  };
  await assert.rejects(changeAccount(accounts, seen, seal("new"), timing, ends.signal), /aborted/);
});

import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";
import { sessionKeyOf } from "../../shared/account/document.ts";
import { openedSeals } from "../../shared/account/opened-seals.ts";
import { seal, type SealBinding } from "../../shared/account/seal.ts";
import { randomBase64Url } from "../../shared/core/encoding.ts";
import { purgeAccount } from "../../shared/sign-out/by-administrator.ts";
import { invocation, signedIn, testApp } from "./support/app.ts";
import { tenantId } from "./support/environment.ts";
import { signIn, visit } from "./support/sessions.ts";

function newBinding(): SealBinding {
  const secret = randomBase64Url(32);
  return { accountKey: randomBase64Url(32), sessionKey: sessionKeyOf(secret), secret };
}

const secretsOf = (tokenCache: string) => ({ claims: signedIn("ada").claims, tokenCache });
const minute = 60_000;

describe("a seal that was opened before", () => {
  const binding = newBinding();

  test("is not opened again while the store has the same", async () => {
    const seals = openedSeals();
    const sealed = await seal(secretsOf("{}"), binding);
    const first = await seals.open(sealed, binding);
    assert.deepEqual(first, secretsOf("{}"));
    // Another string of the same text, as the next read brings it.
    assert.equal(await seals.open(Buffer.from(sealed).toString(), binding), first);
  });

  test("gives way to what the store has now", async () => {
    const seals = openedSeals();
    await seals.open(await seal(secretsOf('{"old":{}}'), binding), binding);
    const opened = await seals.open(await seal(secretsOf('{"new":{}}'), binding), binding);
    assert.equal(opened?.tokenCache, '{"new":{}}');
  });

  test("does not stand in for one that does not open", async () => {
    const seals = openedSeals();
    const sealed = await seal(secretsOf("{}"), binding);
    await seals.open(sealed, binding);
    assert.equal(await seals.open(`${sealed.slice(0, -2)}AA`, binding), undefined);
  });

  test("opens for nobody else: not for another secret, nor in another account's document", async () => {
    const seals = openedSeals();
    const sealed = await seal(secretsOf("{}"), binding);
    await seals.open(sealed, binding);
    const other = newBinding();
    assert.equal(await seals.open(sealed, { ...other, accountKey: binding.accountKey }), undefined);
    assert.equal(await seals.open(sealed, { ...binding, accountKey: other.accountKey }), undefined);
  });
});

describe("what is kept of opened seals", () => {
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });

  test("never grows beyond its bytes, the least recently used going first", async () => {
    const maxBytes = 100_000;
    const seals = openedSeals({ maxBytes, maxIdleMs: minute });
    const all = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const binding = newBinding();
        return { binding, sealed: await seal(secretsOf("x".repeat(2_000)), binding) };
      }),
    );
    const [first] = all;
    if (!first) return assert.fail();
    const kept = await seals.open(first.sealed, first.binding);
    for (const { binding, sealed } of all) {
      await seals.open(sealed, binding);
      assert.ok(seals.bytes > 0 && seals.bytes <= maxBytes);
      assert.equal(await seals.open(first.sealed, first.binding), kept, "used again and again, and yet forgotten");
    }
  });

  test("is nothing of a seal that is larger than all of it", async () => {
    const seals = openedSeals({ maxBytes: 1_000, maxIdleMs: minute });
    const binding = newBinding();
    assert.ok(await seals.open(await seal(secretsOf("x".repeat(2_000)), binding), binding));
    assert.equal(seals.bytes, 0);
  });

  test("is forgotten when it is not used", async () => {
    mock.timers.enable({ apis: ["Date", "setTimeout"], now: Date.now() });
    mock.method(performance, "now", () => Date.now());
    const seals = openedSeals({ maxBytes: 1_000_000, maxIdleMs: 10 * minute });
    const [idle, busy] = [newBinding(), newBinding()];
    const sealed = await seal(secretsOf("{}"), busy);
    await seals.open(await seal(secretsOf("{}"), idle), idle);
    const both = (await seals.open(sealed, busy), seals.bytes);
    mock.timers.tick(6 * minute);
    await seals.open(sealed, busy);
    mock.timers.tick(6 * minute);
    assert.equal(seals.bytes, both / 2);
    mock.timers.tick(20 * minute);
    assert.equal(seals.bytes, 0);
  });
});

describe("a session whose secrets are in an instance's memory", () => {
  test("is over as soon as another instance has signed it out, and nothing is kept of it", async () => {
    const here = testApp();
    const elsewhere = { ...testApp(), store: () => here.store() };
    const cookie = await signIn(here, "ada");
    assert.ok(await visit(here, cookie));
    assert.ok(here.openedSeals.bytes > 0);
    await purgeAccount(elsewhere, `ada.${tenantId}`, invocation());
    assert.equal(await visit(here, cookie), undefined);
    assert.equal(here.openedSeals.bytes, 0);
  });

  test("is over when its account has signed in again in another browser since", async () => {
    const here = testApp();
    const elsewhere = { ...testApp(), store: () => here.store() };
    const cookie = await signIn(here, "ada");
    assert.ok(await visit(here, cookie));
    await purgeAccount(elsewhere, `ada.${tenantId}`, invocation());
    await signIn(elsewhere, "ada");
    assert.equal(await visit(here, cookie), undefined);
  });
});

import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { sessionKeyOf } from "../../shared/account/document.ts";
import { sidKeyOf, subjectKeyOf } from "../../shared/account/index-entry.ts";
import { openSession } from "../../shared/sign-in/open-session.ts";
import { signOutFrontChannel } from "../../shared/sign-out/front-channel.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { invocation, signedIn, testApp, type TestApp } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { aMinuteAgo, isSignedIn, signIn, storedKeys, visit } from "./support/sessions.ts";

const frontChannel = (app: TestApp, sid: string) => signOutFrontChannel(app, sid, invocation());
const entryOf = (app: TestApp, sid: string) => app.memory.sids.documents.get(sidKeyOf(app.authority.url, sid));

describe("signing in", () => {
  test("opens a session that its cookie finds", async () => {
    const app = testApp();
    const cookie = await signIn(app, "ada", { sid: "s", tokenCache: '{"a":1}' });
    const session = await visit(app, cookie);
    assert.equal(session?.secrets.claims.name, "ada");
    assert.equal(session?.secrets.tokenCache, '{"a":1}');
    assert.equal(entryOf(app, "s")?.accountKey, cookie.accountKey);
  });

  test("takes three operations of the store: it creates document and entry, and looks for a mark of the account", async () => {
    const app = testApp();
    await signIn(app, "ada", { sid: "s" });
    assert.deepEqual([app.memory.accounts.asked, app.memory.sids.asked], [["create"], ["create", "read"]]);
  });

  test("under a sid that is known from before renews its entry, which then lives as long as the new session", async () => {
    const app = testApp();
    await signIn(app, "ada", { sid: "s" });
    const earlier = entryOf(app, "s");
    await signIn(app, "ada", { sid: "s" });
    assert.notEqual(entryOf(app, "s")?.writeId, earlier?.writeId);
    assert.ok(app.memory.sids.asked.includes("replace"));
  });

  test("without a sid works, and leaves nothing in the index", async () => {
    const app = testApp();
    assert.ok(await isSignedIn(app, await signIn(app, "ada")));
    assert.equal(app.memory.sids.documents.size, 0);
  });

  test("leaves nothing readable in the store: no token, no name, no secret, no sid", async () => {
    const app = testApp();
    const opened = { sid: "sid-in-the-clear", tokenCache: '{"secret":"refresh-token"}' };
    const { secret } = await signIn(app, "ada-lovelace", opened);
    const { accounts, sids } = app.memory;
    const stored = JSON.stringify([...accounts.documents.values(), ...sids.documents.values()]);
    for (const word of ["ada-lovelace", "refresh-token", "sid-in-the-clear", secret, "example.org"]) {
      assert.ok(!stored.includes(word), word);
    }
  });

  test("in a second browser adds a session and leaves the first one alone", async () => {
    const app = testApp();
    const [first, second] = [await signIn(app, "ada", { sid: "1" }), await signIn(app, "ada", { sid: "2" })];
    assert.ok((await isSignedIn(app, first)) && (await isSignedIn(app, second)));
  });

  test("once too often signs the oldest browser out", async () => {
    const app = testApp({ Session__MaxPerAccount: "2" });
    const cookies = [await signIn(app, "ada"), await signIn(app, "ada"), await signIn(app, "ada")];
    const keys = storedKeys(app, cookies[0] ?? assert.fail());
    assert.equal(keys?.length, 2);
    assert.ok(keys.includes(cookies[2]?.sessionKey ?? ""));
  });

  test("leads the issuer's subject to the account where the issuer signs out by subject", async () => {
    const app = testApp();
    const subject = { issuer: "https://idp.example", sub: "u1" };
    const opened = { signedIn: { ...signedIn("ada"), subject }, userAgent: "", startedAt: Date.now() };
    const { accountKey } = await openSession(app, { ...opened, previous: undefined }, invocation());
    assert.equal(app.memory.sids.documents.get(subjectKeyOf(subject.issuer, subject.sub))?.accountKey, accountKey);
  });
});

describe("signing in again in the same browser", () => {
  test("always makes a new secret, and the old cookie opens nothing any more (session fixation)", async () => {
    const app = testApp();
    const first = await signIn(app, "ada", { sid: "s" });
    const second = await signIn(app, "ada", { sid: "s", previous: first });
    assert.notEqual(second.secret, first.secret);
    assert.equal(await isSignedIn(app, first), false);
    assert.deepEqual(storedKeys(app, second), [second.sessionKey]);
  });

  test("as somebody else ends the first person's session here, and only that", async () => {
    const app = testApp();
    const [here, elsewhere] = [await signIn(app, "ada", { sid: "1" }), await signIn(app, "ada", { sid: "2" })];
    const bob = await signIn(app, "bob", { sid: "3", previous: here });
    assert.deepEqual(storedKeys(app, here), [elsewhere.sessionKey]);
    assert.ok(await isSignedIn(app, bob));
  });

  test("as somebody else in the same session of the identity provider ends what the first person had under it", async () => {
    const app = testApp();
    const ada = await signIn(app, "ada", { sid: "s" });
    const bob = await signIn(app, "bob", { sid: "s" });
    assert.equal(await isSignedIn(app, ada), false);
    assert.ok(await isSignedIn(app, bob));
  });

  test("with a planted or foreign cookie ends nobody's session", async () => {
    const app = testApp();
    const ada = await signIn(app, "ada");
    const planted = { accountKey: ada.accountKey, secret: "A".repeat(43) };
    await signIn(app, "bob", { previous: planted });
    await signIn(app, "ada", { previous: planted });
    assert.ok(await isSignedIn(app, ada));
    assert.notEqual(sessionKeyOf(planted.secret), ada.sessionKey);
  });
});

describe("a sign-in whose session at the identity provider was signed out before is refused", () => {
  test("and leaves nothing", async () => {
    const app = testApp();
    await frontChannel(app, "s");
    const opening = signIn(app, "ada", { sid: "s", startedAt: aMinuteAgo() });
    await assert.rejects(opening, isProblem("signin_signed_out"));
    assert.equal(app.memory.accounts.documents.size, 0);
    assert.ok(entryOf(app, "s")?.signedOutAt);
  });

  test("and writes nothing, if the browser has had a session of the account", async () => {
    const app = testApp();
    const previous = await signIn(app, "ada", { sid: "s" });
    await frontChannel(app, "s");
    const before = app.memory.accounts.asked.length;
    const opening = signIn(app, "ada", { sid: "s", startedAt: aMinuteAgo(), previous });
    await assert.rejects(opening, isProblem("signin_signed_out"));
    assert.deepEqual(app.memory.accounts.asked.slice(before), ["read"]);
  });
});

test("a sign-in whose every create is lost is given up, and says that the store is unavailable", async () => {
  const app = testApp();
  const create = mock.method(app.memory.accounts, "create", async () => ({ outcome: "lost" }));
  await assert.rejects(signIn(app, "ada", { sid: "s" }), isProblem("store_unavailable"));
  assert.equal(create.mock.callCount(), 5);
  assert.equal(app.memory.sids.documents.size, 0);
});

test("a sign-in that cannot claim its sid leaves no session behind", async () => {
  const app = testApp();
  app.memory.sids.before = (kind) => {
    if (kind === "create") throw new StoreUnavailableError("create in sids");
  };
  await assert.rejects(signIn(app, "ada", { sid: "s" }), isProblem("store_unavailable"));
  assert.equal(app.memory.accounts.documents.size, 0);
});

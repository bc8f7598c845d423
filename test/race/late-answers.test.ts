import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it, type TestContext } from "node:test";
import { clearsSession } from "../support/assertions.ts";
import type { Answer, Client } from "../support/http-client.ts";
import {
  ada,
  assertNoDocument,
  assertOnlySessions,
  assertSignInRequired,
  assertUseless,
  callApi,
  holdStore,
  holdTokens,
  login,
  shareCookies,
  signOutBySid,
  startWithShortTokens,
  tabOf,
  type Hold,
} from "../support/race.ts";
import { ownForm, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const bruno = "bruno@contoso.example";
const signInAgain = (browser: Client) => signIn(browser, ada, "/healthz");
const signInAsBruno = (browser: Client) => signIn(browser, bruno, "/healthz");

/**
 * A page asks who is signed in, and the person signs in again in the same browser. The answer to the earlier cookie is
 * late: it could overwrite or delete the new cookie. Guard: the new session names the session that it replaced
 * (`shared/account/document.ts`); for a session of another account, an index entry does so
 * (`shared/account/succession.ts`). An answer to a replaced session does not touch the cookie, and neither does an
 * answer to a session that existed when the request began. Once no late response is possible, a dead cookie is cleared.
 *
 * The same applies to a sign-out that carries the earlier cookie. Its answer removes the new cookie, so for a minute
 * the sign-out also ends the session that the new cookie opens, but no other session of that account, however wide the
 * sign-out.
 */
describe("an answer to the cookie that a new sign-in has replaced in the same browser", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ instances: 2 });
  });
  after(() => world.stop());
  beforeEach(() => startWithShortTokens(world));

  /** What a tab asks with the earlier cookie, and where it is held while the browser gets a new one. */
  interface Asked {
    readonly ask: (tab: Client) => Promise<Answer>;
    readonly hold: (test: TestContext) => Hold;
  }
  const whoIsSignedIn: Asked = {
    ask: (tab) => tab.fetch("/auth/me"),
    hold: (test) => holdStore(test, world, { kind: "read", when: "before" }),
  };
  const apiWithRenewal: Asked = { ask: callApi, hold: (test) => holdTokens(test, world, "refresh_token") };

  /** @returns the tab, which still has the earlier cookie */
  async function askLate(
    test: TestContext,
    { ask, hold }: Asked,
    meanwhile: (browser: Client) => Promise<unknown>,
  ): Promise<Client> {
    const browser = world.client();
    await signIn(browser, ada, "/healthz");
    const tab = tabOf(world, browser, 1);
    const held = hold(test);
    const asking = ask(tab);
    await held.reached();
    await meanwhile(browser);
    held.release();
    const late = await asking;
    assertSignInRequired(late);
    assert.equal(clearsSession(late), false, "The late answer takes the new cookie away");
    await assertOnlySessions(world, [browser]);
    return tab;
  }
  it("asks who is signed in | new sign-in | reads: 401, and the new cookie stays", async (test) => {
    await askLate(test, whoIsSignedIn, signInAgain);
  });

  it("calls the API, renews | new sign-in | writes: 401, and the new cookie stays", async (test) => {
    await askLate(test, apiWithRenewal, signInAgain);
  });

  it("asks who is signed in | another account signs in | reads: 401, and the new cookie stays", async (test) => {
    await askLate(test, whoIsSignedIn, signInAsBruno);
  });

  it("calls the API, renews | another account signs in | writes: 401, and the new cookie stays", async (test) => {
    await askLate(test, apiWithRenewal, signInAsBruno);
  });

  it("calls the API, renews | signs out, signs in anew | writes: 401, and the new cookie stays", async (test) => {
    const tab = await askLate(test, apiWithRenewal, async (browser) => {
      assert.equal((await browser.fetch("/auth/logout", ownForm(world.publicBaseUrl))).status, 303);
      await signInAsBruno(browser);
    });
    assert.equal(clearsSession(await tab.fetch("/auth/me")), true, "the next answer to the cookie that opens nothing");
  });

  it("signs out with the cookie from before another account signed in: that account is signed out", () =>
    assertSignsOutOther("/auth/logout"));

  it("signs out everywhere with the cookie from before another account signed in: so is that account, in this browser alone", async () => {
    const elsewhere = world.client();
    await signIn(elsewhere, bruno, "/healthz");
    const { value } = await signOutOther("/auth/logout?everywhere");
    await assertUseless(world, value);
    await assertOnlySessions(world, [elsewhere]);
  });

  async function assertSignsOutOther(target: string): Promise<void> {
    const { accountKey, value } = await signOutOther(target);
    await assertNoDocument(world, accountKey);
    await assertUseless(world, value);
  }

  async function signOutOther(target: string): Promise<ReturnType<typeof sessionOf>> {
    const browser = world.client();
    await signIn(browser, ada, "/healthz");
    const tab = tabOf(world, browser, 1);
    await signIn(browser, bruno, "/healthz");
    const current = sessionOf(browser);
    assert.equal((await tab.fetch(target, ownForm(world.publicBaseUrl))).status, 303);
    return current;
  }

  it("signs out | another account signs in | deletes: that account is signed out", async (test) => {
    const browser = world.client();
    await signIn(browser, ada, "/healthz");
    const tab = tabOf(world, browser, 1);
    const deletion = holdStore(test, world, { kind: "delete", when: "before" });
    const signingOut = tab.fetch("/auth/logout", ownForm(world.publicBaseUrl));
    await deletion.reached();
    await signIn(browser, bruno, "/healthz");
    const { accountKey, value } = sessionOf(browser);
    deletion.release();
    assert.equal((await signingOut).status, 303);
    await assertNoDocument(world, accountKey);
    await assertUseless(world, value);
  });

  it("signed in twice since: the cookie from before the last but one goes, as that of any ended session", async () => {
    const browser = world.client();
    await signIn(browser, ada, "/healthz");
    const first = tabOf(world, browser, 1);
    await login(browser);
    const second = tabOf(world, browser, 1);
    await login(browser);
    assert.equal(clearsSession(await first.fetch("/auth/me")), true);
    assert.equal(clearsSession(await second.fetch("/auth/me")), false);
  });

  it("signed out since: no cookie stays that opens nothing", async () => {
    const browser = world.client();
    await signIn(browser, ada, "/healthz");
    const replaced = tabOf(world, browser, 1);
    await login(browser);
    await signOutBySid(world);
    const current = world.client(1);
    shareCookies(browser, current);
    for (const holder of [replaced, current]) {
      const answer = await holder.fetch("/auth/me");
      assertSignInRequired(answer);
      assert.equal(clearsSession(answer), true);
    }
    assert.throws(() => sessionOf(current));
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import type { Page } from "playwright-core";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { startPageWorld } from "../support/page-world.ts";
import type { World } from "../support/world.ts";
import {
  accountStatus,
  assertGone,
  noticesSignOut,
  pickAccount,
  seesSignedIn,
  seesSignedOut,
  sessionCookieOf,
  signIn,
  signOutAtProvider,
  statusWith,
} from "./steps.ts";

let browser: TestBrowser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.stop());

/** Somebody in a browser of their own. */
async function arrive(test: TestContext, world: World, name: string): Promise<{ tab: Page; cookie: string }> {
  const profile = await browser.newProfile(test);
  const tab = await profile.newTab();
  return { tab, cookie: await signIn(tab, world, name) };
}

async function comesBack(tab: Page): Promise<void> {
  await tab.evaluate("dispatchEvent(new Event('focus'))");
}

describe("with the sign-out policy “account”", () => {
  let world: World;
  before(async () => {
    world = await startPageWorld();
  });
  after(() => world.stop());

  it("signing out one person leaves another in another browser untouched", async (test) => {
    const ada = await arrive(test, world, "Ada Lindqvist");
    const zoe = await arrive(test, world, "Zoë Okonkwo");
    await ada.tab.getByRole("button", { name: "Sign out", exact: true }).click();
    await seesSignedOut(ada.tab, "Ada Lindqvist");
    await assertGone(world, ada.cookie);
    assert.equal(await accountStatus(world, zoe.cookie), 200);
    assert.equal(await statusWith(world, zoe.cookie), 200);
    await zoe.tab.getByRole("button", { name: "Call Microsoft Graph" }).click();
    await zoe.tab.getByText('"displayName": "Zoë Okonkwo"').waitFor();
  });

  it("signing out one browser signs the same person out of the other", async (test) => {
    const first = await arrive(test, world, "Ada Lindqvist");
    const second = await arrive(test, world, "Ada Lindqvist");
    assert.equal(await statusWith(world, first.cookie), 200);
    await signOutAtProvider(first.tab, world);
    await assertGone(world, first.cookie);
    await assertGone(world, second.cookie);
    await comesBack(second.tab);
    await noticesSignOut(second.tab);
  });

  it("two sign-ins begun in two tabs of one browser both complete, each where it was meant to", async (test) => {
    const profile = await browser.newProfile(test);
    const begin = async (page: string) => profile.newTab(`${world.publicBaseUrl}/auth/login?returnUrl=/?tab=${page}`);
    const [first, second] = [await begin("first"), await begin("second")];
    await pickAccount(second, "Ada Lindqvist");
    await seesSignedIn(second, "Ada Lindqvist");
    await pickAccount(first, "Ada Lindqvist");
    await seesSignedIn(first, "Ada Lindqvist");
    assert.deepEqual(
      [first, second].map((tab) => new URL(tab.url()).search),
      ["?tab=first", "?tab=second"],
    );
    await comesBack(second);
    assert.equal(await statusWith(world, await sessionCookieOf(profile.context, world)), 200);
    await second
      .getByRole("button", { name: /^Sign out/ })
      .first()
      .click();
    await seesSignedOut(second, "Ada Lindqvist");
    const cookies = await profile.context.cookies(world.publicBaseUrl);
    const names = cookies.map(({ name }) => name);
    assert.deepEqual(names, ["__Host-ended"], "Of a finished sign-in nothing is left after the sign-out");
  });

  it("signing in again gives the browser a new cookie and makes the earlier one worthless", async (test) => {
    const { tab, cookie } = await arrive(test, world, "Bruno Castellano");
    await tab.goto(`${world.publicBaseUrl}/auth/login`);
    await seesSignedIn(tab, "Bruno Castellano");
    const renewed = await sessionCookieOf(tab.context(), world);
    assert.notEqual(renewed, cookie);
    assert.equal(await statusWith(world, cookie), 401);
    assert.equal(await statusWith(world, renewed), 200);
  });

  it("a cookie planted before the sign-in is not the one that is signed in", async (test) => {
    const profile = await browser.newProfile(test);
    const planted = `${"A".repeat(43)}.${"B".repeat(43)}`;
    const tab = await profile.newTab(world.publicBaseUrl);
    await tab.evaluate(`document.cookie = "__Host-session=${planted}; Secure; Path=/"`);
    assert.equal(await sessionCookieOf(profile.context, world), planted);
    assert.notEqual(await signIn(tab, world, "Ada Lindqvist"), planted);
    assert.equal(await statusWith(world, planted), 401);
  });

  it("another person signing in at the same browser ends the first one's session there", async (test) => {
    const { tab, cookie } = await arrive(test, world, "Mika Sørensen (Fabrikam)");
    await tab.goto(`${world.publicBaseUrl}/auth/login?prompt=select_account`);
    await pickAccount(tab, "Zoë Okonkwo");
    await seesSignedIn(tab, "Zoë Okonkwo");
    await assertGone(world, cookie);
  });
});

describe("with the sign-out policy “session”", () => {
  let world: World;
  before(async () => {
    world = await startPageWorld({ environment: { SignOut__Scope: "session" } });
  });
  after(() => world.stop());

  it("a sign-out ends one browser's session, and the last one out removes the account", async (test) => {
    const first = await arrive(test, world, "Ada Lindqvist");
    const second = await arrive(test, world, "Ada Lindqvist");
    await signOutAtProvider(first.tab, world);
    assert.equal(await statusWith(world, first.cookie), 401);
    assert.equal(await statusWith(world, second.cookie), 200);
    await comesBack(second.tab);
    await seesSignedIn(second.tab, "Ada Lindqvist");
    assert.equal(await accountStatus(world, second.cookie), 200);

    await second.tab.getByRole("button", { name: "Sign out", exact: true }).click();
    await seesSignedOut(second.tab, "Ada Lindqvist");
    await assertGone(world, second.cookie);
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { startPageWorld } from "../support/page-world.ts";
import type { World } from "../support/world.ts";
import { startSite } from "./site.ts";
import {
  accountStatus,
  assertGone,
  continueWithoutScript,
  pickAccount,
  seesSignedOut,
  sessionCookieOf,
  signIn,
  signOutAtProvider,
} from "./steps.ts";

let world: World;
let browser: TestBrowser;
before(async () => {
  [world, browser] = await startTogether(startPageWorld(), launchBrowser());
});
after(() => Promise.all([browser.stop(), world.stop()]));

/** Runs `signOut` and reads the account while the browser's request waits at the provider's door. */
async function accountStatusAtProvider(cookie: string, signOut: () => Promise<void>): Promise<number> {
  const gate = world.identityProvider.controls.gate("end-session");
  const leaving = signOut();
  try {
    await gate.reached();
    return await accountStatus(world, cookie);
  } finally {
    gate.release();
    await leaving;
  }
}

describe("signing out from this app", () => {
  it("removes the account before the browser reaches the provider, asks nothing, and ends at the page", async (test) => {
    const profile = await browser.newProfile(test);
    const tab = await profile.newTab();
    const cookie = await signIn(tab, world, "Ada Lindqvist");
    assert.equal(await accountStatus(world, cookie), 200);
    world.identityProvider.controls.requests.clear();

    assert.equal(await accountStatusAtProvider(cookie, async () => clickSignOut(tab)), 404);
    await tab.waitForURL(`${world.publicBaseUrl}/`);
    await seesSignedOut(tab, "Ada Lindqvist");
    await assertGone(world, cookie);
    const cookies = await profile.context.cookies(world.publicBaseUrl);
    assert.deepEqual(
      cookies.map(({ name, value }) => [name, value]),
      [["__Host-ended", "1"]],
    );
    // An answer to the account picker would be a second request.
    assert.equal(world.identityProvider.controls.requests.count({ endpoint: "end-session" }), 1);
  });

  it("ends the session at the provider too: it knows nobody afterwards", async (test) => {
    const profile = await browser.newProfile(test);
    const tab = await profile.newTab();
    await signIn(tab, world, "Ada Lindqvist");
    await clickSignOut(tab);
    await seesSignedOut(tab, "Ada Lindqvist");
    await tab.goto(world.identityProvider.publicUrl);
    await tab.getByText("Nobody is signed in with this browser.").waitFor();
  });

  it("leaves nothing behind the browser's Back button", async (test) => {
    const profile = await browser.newProfile(test);
    const tab = await profile.newTab();
    await signIn(tab, world, "Ada Lindqvist");
    await clickSignOut(tab);
    await seesSignedOut(tab, "Ada Lindqvist");
    await tab.goBack();
    await seesSignedOut(tab, "Ada Lindqvist");
  });

  it("goes through the confirmation page with scripts off, and comes back by itself", async (test) => {
    const profile = await browser.newProfile(test, { javaScriptEnabled: false });
    const tab = await profile.newTab(world.publicBaseUrl);
    await tab.getByRole("link", { name: "Sign in" }).click();
    await pickAccount(tab, "Bruno Castellano");
    await continueWithoutScript(tab);
    await tab.getByRole("heading", { name: "JavaScript is off" }).waitFor();
    const cookie = await sessionCookieOf(profile.context, world);
    assert.equal(await accountStatus(world, cookie), 200);

    await tab.getByRole("link", { name: "Sign out" }).click();
    await tab.getByRole("heading", { name: "Sign out?" }).waitFor();
    assert.equal(await accountStatusAtProvider(cookie, async () => clickSignOut(tab)), 404);
    await tab.getByRole("heading", { name: "Signing you out" }).waitFor();
    await tab.waitForURL(`${world.publicBaseUrl}/`);
    await assertGone(world, cookie);
  });

  it("works without JavaScript where the provider goes on to a further host", async (test) => {
    const profile = await browser.newProfile(test, { javaScriptEnabled: false });
    const tab = await profile.newTab(world.publicBaseUrl);
    await tab.getByRole("link", { name: "Sign in" }).click();
    await pickAccount(tab, "Ada Lindqvist");
    await continueWithoutScript(tab);
    await tab.getByRole("heading", { name: "JavaScript is off" }).waitFor();
    const cookie = await sessionCookieOf(profile.context, world);
    const federated = await startSite("localhost");
    test.after(() => federated.stop());
    const location = federated.page("/sign-out", "<h1>Signed out of your organization</h1>");
    world.identityProvider.controls.failNext("end-session", { type: "status", status: 302, headers: { location } });
    await tab.getByRole("link", { name: "Sign out" }).click();
    await clickSignOut(tab);
    await tab.getByRole("heading", { name: "Signed out of your organization" }).waitFor();
    await assertGone(world, cookie);
  });

  it("can be called off on the confirmation page", async (test) => {
    const profile = await browser.newProfile(test);
    const tab = await profile.newTab();
    const cookie = await signIn(tab, world, "Ada Lindqvist");
    await tab.goto(`${world.publicBaseUrl}/auth/logout`);
    await tab.getByRole("link", { name: "Stay signed in" }).click();
    await tab.getByText("Ada Lindqvist", { exact: true }).waitFor();
    assert.equal(await accountStatus(world, cookie), 200);
  });
});

// An instance that has just started has not asked the provider for its endpoints yet.
it("after a restart of everything people are still signed in, and sign out as before", async (test) => {
  const adasTab = await (await browser.newProfile(test)).newTab();
  const adasCookie = await signIn(adasTab, world, "Ada Lindqvist");
  await adasTab.goto("about:blank");
  const withoutScripts = await browser.newProfile(test, { javaScriptEnabled: false });
  const zoesTab = await withoutScripts.newTab(`${world.publicBaseUrl}/auth/login`);
  await pickAccount(zoesTab, "Zoë Okonkwo");
  await continueWithoutScript(zoesTab);
  await zoesTab.getByRole("heading", { name: "JavaScript is off" }).waitFor();
  const zoesCookie = await sessionCookieOf(withoutScripts.context, world);
  const { folder, ports } = world;
  await world.stop({ keepData: true });
  world = await startPageWorld({ folder, ports });

  await signOutAtProvider(adasTab, world);
  await assertGone(world, adasCookie);

  await zoesTab.goto(world.publicBaseUrl);
  await zoesTab.getByRole("link", { name: "Sign out" }).click();
  await clickSignOut(zoesTab);
  await zoesTab.getByRole("heading", { name: "Signing you out" }).waitFor();
  await zoesTab.getByRole("link", { name: "Continue" }).click();
  await zoesTab.getByRole("heading", { name: "JavaScript is off" }).waitFor();
  await assertGone(world, zoesCookie);
});

async function clickSignOut(tab: Page): Promise<void> {
  await tab.getByRole("button", { name: "Sign out", exact: true }).click();
}

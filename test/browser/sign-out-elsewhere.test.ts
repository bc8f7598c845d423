import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { startPageWorld } from "../support/page-world.ts";
import type { World } from "../support/world.ts";
import {
  accountStatus,
  assertGone,
  noticesSignOut,
  seesSignedIn,
  seesSignedOut,
  setTabVisible,
  signIn,
  signInAtOtherApp,
  signOutAtProvider,
} from "./steps.ts";

describe("with third-party cookies blocked, signing out elsewhere", () => {
  let world: World;
  let browser: TestBrowser;
  before(async () => {
    [world, browser] = await startTogether(startPageWorld(), launchBrowser());
  });
  after(() => Promise.all([browser.stop(), world.stop()]));

  it("in the other app removes the account here, and the page says so on coming back to its tab", async (test) => {
    const profile = await browser.newProfile(test);
    const tab = await profile.newTab();
    const cookie = await signIn(tab, world, "Ada Lindqvist");
    await tab.getByRole("button", { name: "Call Microsoft Graph" }).click();
    await tab.getByText('"displayName": "Ada Lindqvist"').waitFor();
    assert.equal(await accountStatus(world, cookie), 200);

    const otherTab = await signInAtOtherApp(profile, world, "Ada Lindqvist");
    await setTabVisible(tab, false);
    await otherTab.getByRole("button", { name: "Sign out", exact: true }).click();
    await otherTab.getByRole("heading", { name: "You are signed out" }).waitFor();
    await assertGone(world, cookie);
    await seesSignedIn(tab, "Ada Lindqvist");

    await tab.bringToFront();
    await setTabVisible(tab, true);
    await noticesSignOut(tab);
    await tab.getByRole("region", { name: "You have been signed out" }).getByText("ended elsewhere").waitFor();
    await seesSignedOut(tab, "Ada Lindqvist");
  });

  it("is noticed by a tab that never lost sight", async (test) => {
    const profile = await browser.newProfile(test);
    const tab = await profile.newTab();
    const cookie = await signIn(tab, world, "Ada Lindqvist");
    const otherTab = await signInAtOtherApp(profile, world, "Ada Lindqvist");
    await otherTab.getByRole("button", { name: "Sign out", exact: true }).click();
    await otherTab.getByRole("heading", { name: "You are signed out" }).waitFor();
    await tab.evaluate("dispatchEvent(new Event('focus'))");
    await noticesSignOut(tab);
    await assertGone(world, cookie);
  });

  it("at the provider's own page removes the account here", async (test) => {
    const profile = await browser.newProfile(test);
    const tab = await profile.newTab();
    const cookie = await signIn(tab, world, "Zoë Okonkwo");
    await setTabVisible(tab, false);
    await signOutAtProvider(await profile.newTab(), world);
    await assertGone(world, cookie);
    await setTabVisible(tab, true);
    await noticesSignOut(tab);
    await seesSignedOut(tab, "Zoë Okonkwo");
  });

  it("leaves nothing to sign in with: the next sign-in asks for the account again", async (test) => {
    const profile = await browser.newProfile(test);
    const tab = await profile.newTab();
    await signIn(tab, world, "Bruno Castellano");
    const otherTab = await signInAtOtherApp(profile, world, "Bruno Castellano");
    await otherTab.getByRole("button", { name: "Sign out", exact: true }).click();
    await otherTab.getByRole("heading", { name: "You are signed out" }).waitFor();
    await signIn(tab, world, "Bruno Castellano");
  });

  it("does not reach a session that was opened later in the same browser", async (test) => {
    const profile = await browser.newProfile(test);
    const tab = await profile.newTab();
    await signIn(tab, world, "Ada Lindqvist");
    const frontChannel = tab.waitForRequest(/frontchannel-logout/);
    await tab.getByRole("button", { name: "Sign out", exact: true }).click();
    const oldLink = (await frontChannel).url();
    await seesSignedOut(tab, "Ada Lindqvist");
    const cookie = await signIn(tab, world, "Ada Lindqvist");
    assert.equal((await fetch(oldLink)).status, 200);
    assert.equal(await accountStatus(world, cookie), 200);
    await tab.reload();
    await seesSignedIn(tab, "Ada Lindqvist");
  });
});

import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, describe, it, type TestContext } from "node:test";
import type { Page } from "playwright-core";
import { pickAccount } from "../browser/steps.ts";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { sessionCookie, startWorld, type World } from "../support/world.ts";
import { buildOwnApp } from "./build-own-app.ts";

const ada = "Ada Lindqvist";
const heading = (tab: Page, name: string) => tab.getByRole("heading", { name }).waitFor();
const colorOfHeading = "getComputedStyle(document.querySelector('h1')).color";

describe("a page of an app's own", () => {
  let appFolder: string;
  let world: World;
  let browser: TestBrowser;
  before(async () => {
    appFolder = await buildOwnApp();
    [world, browser] = await startTogether(startWorld({ appFolder }), launchBrowser());
  });
  after(async () => {
    await Promise.all([browser.stop(), world.stop()]);
    await rm(appFolder, { recursive: true, force: true });
  });

  /** Opens a page as the first thing that this browser does, and signs in on the way. */
  async function openSignedOut(test: TestContext, path: string): Promise<Page> {
    const tab = await (await browser.newProfile(test)).newTab(world.publicBaseUrl + path);
    await pickAccount(tab, ada);
    return tab;
  }

  async function deleteAccount(tab: Page): Promise<void> {
    const cookies = await tab.context().cookies(world.publicBaseUrl);
    const [accountKey = ""] = cookies.find(({ name }) => name === sessionCookie)?.value.split(".") ?? [];
    await world.accounts.item(accountKey, accountKey).delete();
  }

  it("leads through the sign-in and back to itself, query and fragment kept, with its own style by nonce", async (test) => {
    const tab = await openSignedOut(test, "/order-page?year=2026&open=1#row-7");
    await tab.waitForURL(`${world.publicBaseUrl}/order-page?year=2026&open=1#row-7`);
    await heading(tab, "Orders");
    assert.equal(await tab.evaluate(colorOfHeading), "rgb(1, 2, 3)");
  });

  it("asks for the account once its session has ended, even though single sign-on needs no answer", async (test) => {
    const tab = await openSignedOut(test, "/order-page");
    await heading(tab, "Orders");
    await deleteAccount(tab);
    await tab.reload();
    await heading(tab, "Pick an account");
    // Somebody who comes again instead of answering has no cookie any more.
    await tab.goto(`${world.publicBaseUrl}/order-page`);
    await pickAccount(tab, ada);
    await heading(tab, "Orders");
    await tab.context().clearCookies({ name: sessionCookie });
    await tab.goto(`${world.publicBaseUrl}/order-page?again`);
    await heading(tab, "Orders");
  });

  it("takes a step that an API asks for, and comes back", async (test) => {
    const tab = await openSignedOut(test, "/invoice-page");
    await heading(tab, "Invoices, 200");
    world.downstreamApi.controls.requireAuthenticationContext("c1");
    test.after(() => world.downstreamApi.controls.requireAuthenticationContext(undefined));
    await tab.goto(`${world.publicBaseUrl}/invoice-page?after=challenge`);
    await tab.waitForURL(`${world.publicBaseUrl}/invoice-page?after=challenge`);
    await heading(tab, "Invoices, 200");
  });

  it("leads to the sign-in without scripts, too", async (test) => {
    const profile = await browser.newProfile(test, { javaScriptEnabled: false });
    const tab = await profile.newTab(`${world.publicBaseUrl}/order-page`);
    await heading(tab, "Pick an account");
  });
});

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it, type TestContext } from "node:test";
import type { Page } from "playwright-core";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { startPageWorld } from "../support/page-world.ts";
import type { World } from "../support/world.ts";
import { looksRight } from "./looks.ts";
import { pickAccount, seesSignedIn, seesSignedOut } from "./steps.ts";

async function reads(tab: Page, title: string, look: string): Promise<void> {
  await tab.getByRole("heading", { name: title }).waitFor();
  await tab.getByText(/Reference for support: [0-9a-f-]{36}/).waitFor();
  await looksRight(tab, look);
}

const link = (tab: Page, name: string) => tab.getByRole("link", { name });

describe("a person whose sign-in does not work reads what to do, and can do it:", () => {
  let world: World;
  let browser: TestBrowser;
  before(async () => {
    [world, browser] = await startTogether(startPageWorld(), launchBrowser());
  });
  afterEach(() => {
    world.cosmos.faults.clear();
    world.identityProvider.controls.clearFaults();
  });
  after(() => Promise.all([browser.stop(), world.stop()]));

  async function atPicker(test: TestContext, status: number): Promise<Page> {
    const profile = await browser.newProfile(test, { expectedErrors: [new RegExp(`status of ${status}`)] });
    const tab = await profile.newTab(`${world.publicBaseUrl}/auth/login`);
    await tab.getByRole("heading", { name: "Pick an account" }).waitFor();
    return tab;
  }

  /** The identity provider answers the sign-in that is under way in `tab`. */
  async function refuse(tab: Page, query: Readonly<Record<string, string>>): Promise<void> {
    // The picker's own address does not name the state; a second sign-in's does.
    const asked = tab.waitForRequest(/\/oauth2\/v2\.0\/authorize/);
    await tab.goto(`${world.publicBaseUrl}/auth/login`);
    const state = new URL((await asked).url()).searchParams.get("state") ?? "";
    await tab.goto(`${world.publicBaseUrl}/auth/callback?${new URLSearchParams({ state, ...query }).toString()}`);
  }

  it("an administrator has to approve the app", async (test) => {
    const tab = await atPicker(test, 403);
    await refuse(tab, {
      error: "access_denied",
      error_description: "AADSTS90094: The grant requires admin permission.",
    });
    await reads(tab, "An administrator has to approve this app first", "error-admin-consent");
    await link(tab, "Sign in again").click();
    await pickAccount(tab, "Ada Lindqvist");
    await seesSignedIn(tab, "Ada Lindqvist");
  });

  it("the account is of another organization", async (test) => {
    const tab = await atPicker(test, 403);
    await refuse(tab, { error: "access_denied", error_uri: "https://login.microsoftonline.com/error?code=50020" });
    await reads(tab, "Your organization has no access to this app", "error-tenant");
    await link(tab, "Use another account").click();
    await tab.getByRole("heading", { name: "Pick an account" }).waitFor();
  });

  it("a clock is off", async (test) => {
    const tab = await atPicker(test, 503);
    world.identityProvider.controls.tamperWithNextIdToken({ claims: { exp: 1 } });
    await pickAccount(tab, "Ada Lindqvist");
    await reads(tab, "The clocks of this app and the identity provider differ", "error-clock");
  });

  it("the browser keeps no cookies", async (test) => {
    const profile = await browser.newProfile(test, { expectedErrors: [/status of 400/] });
    const tab = await profile.newTab();
    await dropCookies(tab, world.publicBaseUrl);
    await tab.goto(`${world.publicBaseUrl}/auth/login`);
    await pickAccount(tab, "Ada Lindqvist");
    await reads(tab, "Your browser does not keep this app’s cookies", "error-cookies");
  });

  it("the sign-in was used before: signed in, it leads where it led, and signed out, to the app", async (test) => {
    const tab = await atPicker(test, 400);
    const answered = tab.waitForRequest(/\/auth\/callback\?/);
    await pickAccount(tab, "Bruno Castellano");
    await seesSignedIn(tab, "Bruno Castellano");
    const address = (await answered).url();
    await tab.goto(address);
    await seesSignedIn(tab, "Bruno Castellano");
    await tab.reload();
    await seesSignedIn(tab, "Bruno Castellano");
    await tab.context().clearCookies({ name: "__Host-session" });
    await tab.goto(address);
    await reads(tab, "This sign-in has expired or was already used", "error-used");
    await link(tab, "Back to the app").click();
    await seesSignedOut(tab, "Bruno Castellano");
  });

  it("there is no such page, and the page that says so needs none of the app's files to look like it", async (test) => {
    const profile = await browser.newProfile(test, { expectedErrors: [/status of 404/] });
    const tab = await profile.newTab();
    const asked: string[] = [];
    tab.on("request", (request) => asked.push(request.url()));
    await tab.goto(`${world.publicBaseUrl}/auth/nowhere`);
    await reads(tab, "There is nothing here", "error-not-found");
    assert.deepEqual(
      asked.filter((url) => !url.startsWith("data:")),
      [`${world.publicBaseUrl}/auth/nowhere`],
    );
    assert.equal(await tab.evaluate("getComputedStyle(document.querySelector('.button')).minHeight"), "44px");
    assert.ok(await tab.evaluate("document.querySelector('header img').naturalWidth > 0"));
  });

  it("the store does not answer", async (test) => {
    const tab = await atPicker(test, 503);
    const fault = { type: "status", status: 503 } as const;
    const outage = world.cosmos.faults.add({ match: { container: "accounts" }, times: 1_000, fault });
    await pickAccount(tab, "Ada Lindqvist");
    await reads(tab, "The account store could not be reached", "error-store");
    outage.remove();
    await link(tab, "Try again").click();
    await seesSignedIn(tab, "Ada Lindqvist");
  });

  it("the identity provider does not answer", async (test) => {
    const tab = await atPicker(test, 503);
    world.identityProvider.controls.failNext("token", { type: "status", status: 503 }, 100);
    await pickAccount(tab, "Zoë Okonkwo");
    await reads(tab, "The identity provider could not be reached", "error-provider");
    world.identityProvider.controls.clearFaults();
    await link(tab, "Sign in again").click();
    await seesSignedIn(tab, "Zoë Okonkwo");
  });

  it("there is no session: sign in", async (test) => {
    const profile = await browser.newProfile(test, { expectedErrors: [/status of 401/] });
    const tab = await profile.newTab(`${world.publicBaseUrl}/auth/me`);
    await reads(tab, "Sign in again", "error-session");
    await link(tab, "Sign in").first().click();
    await pickAccount(tab, "Ada Lindqvist");
    // Where they were going: that address answers JSON.
    await tab.waitForURL(`${world.publicBaseUrl}/auth/me`);
    await tab.getByText("Ada Lindqvist").waitFor();
  });
});

/** As a browser does that is told to block an origin's cookies: whatever is set is gone before the next request. */
async function dropCookies(tab: Page, origin: string): Promise<void> {
  const session = await tab.context().newCDPSession(tab);
  session.on("Fetch.requestPaused", ({ requestId }) => {
    const forget = async () => {
      await tab.context().clearCookies({ domain: new URL(origin).hostname });
      await session.send("Fetch.continueRequest", { requestId });
    };
    // The tab may be closed meanwhile.
    forget().catch(() => undefined);
  });
  await session.send("Fetch.enable", { patterns: [{ urlPattern: `${origin}/*`, requestStage: "Request" }] });
}

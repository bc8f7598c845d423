import assert from "node:assert/strict";
import { after, afterEach, before, describe, it, type TestContext } from "node:test";
import type { Locator, Page } from "playwright-core";
import { launchBrowser, type Profile, type ProfileOptions, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { startWorld, type World } from "../support/world.ts";
import { looksRight } from "../browser/looks.ts";
import { seesSignedIn, seesSignedOut, signIn, signInAtOtherApp, signOutAtProvider } from "./steps.ts";

let world: World;
let browser: TestBrowser;
before(async () => {
  [world, browser] = await startTogether(startWorld(), launchBrowser());
});
afterEach(() => {
  world.cosmos.faults.clear();
  world.downstreamApi.controls.clearFaults();
});
after(() => Promise.all([browser.stop(), world.stop()]));

async function open(test: TestContext, options?: ProfileOptions): Promise<{ profile: Profile; tab: Page }> {
  const profile = await browser.newProfile(test, options);
  return { profile, tab: await profile.newTab(world.publicBaseUrl) };
}

describe("on phone and desk, light and dark, without barriers:", () => {
  it("the page, signed out, signed in, with an API's answer and when an API fails", async (test) => {
    const { tab } = await open(test, { expectedErrors: [/status of 502/] });
    await tab.getByRole("heading", { name: "You are signed out" }).waitFor();
    await looksRight(tab, "signed-out");
    await signIn(tab, world, "Mika Sørensen (Fabrikam)");
    await looksRight(tab, "signed-in");
    await press(tab, "Call Microsoft Graph");
    await tab.getByText('"displayName"').waitFor();
    await looksRight(tab, "api-answer");
    world.downstreamApi.controls.failNext({ type: "reset" }, 10);
    await press(tab, "Call Microsoft Graph");
    await tab.getByRole("heading", { name: "The API could not be reached" }).waitFor();
    await looksRight(tab, "api-error");
  });

  it("the page, while it waits for the server and when it cannot tell who is signed in", async (test) => {
    const { tab } = await open(test, { expectedErrors: [/status of 503/] });
    await signIn(tab, world, "Ada Lindqvist");
    await tab.route("**/auth/me?optional=1", () => undefined);
    await tab.reload();
    await tab.getByRole("heading", { name: "Checking who is signed in" }).waitFor();
    await looksRight(tab, "loading");
    await tab.unroute("**/auth/me?optional=1");
    const fault = { type: "status", status: 503 } as const;
    world.cosmos.faults.add({ match: { container: "accounts" }, times: 1_000, fault });
    await tab.reload();
    await tab.getByRole("heading", { name: "The account store could not be reached" }).waitFor();
    await tab.getByText("Details for support").click();
    await looksRight(tab, "server-error");
  });

  it("the page, with scripts off", async (test) => {
    const { tab } = await open(test, { javaScriptEnabled: false });
    await looksRight(tab, "scripts-off", { withAxe: false });
  });

  it("the pages about signing out and about a sign-in that was cancelled", async (test) => {
    const { tab } = await open(test, { expectedErrors: [/status of 400/] });
    await tab.goto(`${world.publicBaseUrl}/auth/logout`);
    await looksRight(tab, "logout-confirmation");
    await tab.goto(`${world.publicBaseUrl}/auth/signed-out?incomplete=1`);
    await looksRight(tab, "signed-out-landing");
    await tab.goto(`${world.publicBaseUrl}/auth/login`);
    await press(tab, "Cancel");
    await tab.getByRole("heading", { name: "Signing in was cancelled" }).waitFor();
    await looksRight(tab, "cancelled");
  });

  it("the local provider's pages", async (test) => {
    const { tab } = await open(test);
    const { publicUrl, tenantId } = world.identityProvider;
    await tab.goto(`${world.publicBaseUrl}/auth/login`);
    await looksRight(tab, "provider-picker");
    await signIn(tab, world, "Ada Lindqvist");
    await tab.goto(publicUrl);
    await looksRight(tab, "provider-account");
    await tab.goto(`${publicUrl}/${tenantId}/oauth2/v2.0/logout`);
    await looksRight(tab, "provider-sign-out");
  });

  it("the other app, the store's page, and the page after a sign-out in the other app", async (test) => {
    const { profile, tab } = await open(test);
    await signIn(tab, world, "Bruno Castellano");
    const otherTab = await profile.newTab(world.secondApp.url);
    await looksRight(otherTab, "other-app-signed-out");
    await otherTab.goto(world.cosmos.url);
    await looksRight(otherTab, "cosmos-documents");
    const otherApp = await signInAtOtherApp(profile, world, "Bruno Castellano");
    await looksRight(otherApp, "other-app-signed-in");
    await press(otherApp, "Sign out");
    await tab.getByRole("heading", { name: "You have been signed out" }).waitFor();
    await looksRight(tab, "signed-out-elsewhere");
  });
});

describe("with the keyboard alone", () => {
  it("a person signs in, calls the API, reads its answer and signs out, always seeing where they are", async (test) => {
    const { tab } = await open(test);
    await seesSignedOut(tab, "Lindqvist");
    await tabTo(tab, tab.getByRole("link", { name: "Sign in" }));
    await tab.keyboard.press("Enter");

    const person = tab.getByRole("button", { name: "Ada Lindqvist" });
    await person.waitFor();
    await tabTo(tab, person);
    await tab.keyboard.press("Enter");
    await seesSignedIn(tab, "Ada Lindqvist");

    await tabTo(tab, tab.getByRole("button", { name: "Call Microsoft Graph" }));
    await tab.keyboard.press("Enter");
    const answer = tab.getByRole("region", { name: "Answer" });
    await answer.getByText("displayName").waitFor();
    await tabTo(tab, answer);

    await tabTo(tab, tab.getByRole("button", { name: "Sign out", exact: true }), "Shift+Tab");
    await tab.keyboard.press("Space");
    await seesSignedOut(tab, "Ada Lindqvist");
  });

  it("a person who is signed out elsewhere goes on at the heading of what took the control's place", async (test) => {
    const { profile, tab } = await open(test);
    await signIn(tab, world, "Zoë Okonkwo");
    await tabTo(tab, tab.getByRole("button", { name: "Call Microsoft Graph" }));
    await signOutAtProvider(await profile.newTab(), world);
    await tab.evaluate("dispatchEvent(new Event('focus'))");
    await seesSignedOut(tab, "Zoë Okonkwo");
    assert.equal(await tab.locator(":focus").textContent(), "You are signed out");
    await tab.keyboard.press("Tab");
    assert.equal(await tab.locator(":focus").textContent(), "Sign in");
  });
});

async function press(tab: Page, button: string): Promise<void> {
  await tab.getByRole("button", { name: button, exact: button === "Sign out" }).click();
}

/** Presses the key until the control has the focus, which must be reached soon and be seen. */
async function tabTo(tab: Page, control: Locator, key = "Tab"): Promise<void> {
  const isFocused = async () => (await tab.locator(":focus").and(control).count()) === 1;
  for (let presses = 0; presses < 8 && !(await isFocused()); presses++) await tab.keyboard.press(key);
  assert.ok(await isFocused(), `The focus does not get to ${String(control)}`);
  const outline = await tab.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle");
  assert.notEqual(outline, "none", `The focus is not to be seen on ${String(control)}`);
}

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it, type TestContext } from "node:test";
import type { Locator, Page } from "playwright-core";
import { launchBrowser, type ProfileOptions, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { startWorld, type World } from "../support/world.ts";
import { looksRight } from "../browser/looks.ts";
import { assertGone, pickAccount, seesSignedIn, seesSignedOut, setTabVisible, signIn } from "./steps.ts";

describe("the page", () => {
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

  const open = async (test: TestContext, options?: ProfileOptions) => {
    const profile = await browser.newProfile(test, options);
    return { profile, tab: await profile.newTab(world.publicBaseUrl) };
  };
  const storeIsDown = (kind: "read" | "delete") =>
    world.cosmos.faults.add({
      match: { kind, container: "accounts" },
      times: 1_000,
      fault: { type: "status", status: 503 },
    });

  it("tells a stranger that nobody is signed in, and how to sign in", async (test) => {
    const { tab } = await open(test);
    await seesSignedOut(tab, "Lindqvist");
    assert.equal(await tab.title(), "Signed out · Entra Functions BFF");
    assert.equal(await button(tab, "Sign out").isVisible(), false);
  });

  it("shows the signed-in person, the session's times and the API's answer", async (test) => {
    const { tab } = await open(test);
    await signIn(tab, world, "Zoë Okonkwo");
    assert.equal(await tab.title(), "Signed in · Entra Functions BFF");
    await tab.getByText("zoe@contoso.example", { exact: true }).waitFor();
    for (const term of ["Signed in", "Last used", "Ends if not used by", "Ends at the latest"]) {
      const definition = tab.getByRole("term").filter({ hasText: term }).locator("+ dd");
      assert.match((await definition.textContent()) ?? "", /\d:\d\d/, term);
    }
    await button(tab, "Call Microsoft Graph").click();
    await tab.getByRole("region", { name: "Answer" }).getByText('"displayName": "Zoë Okonkwo"').waitFor();
    assert.match((await tab.getByTestId("graph-timing").textContent()) ?? "", /^Answered with status 200 in \d+ ms$/);
  });

  it("signs out, switches the account and leads to the sessions from the account menu", async (test) => {
    const { tab } = await open(test);
    await signIn(tab, world, "Ada Lindqvist");
    const menu = tab.locator("#menu");
    const control = menu.locator("summary");
    await control.focus();
    await tab.keyboard.press("Enter");
    await looksRight(tab, "account-menu");
    await tab.keyboard.press("Tab");
    await tab.keyboard.press("Escape");
    assert.equal(await menu.getByText("Switch account").isVisible(), false);
    assert.equal(await tab.locator(":focus").and(control).count(), 1);
    await control.click();
    await menu.getByText("Your sessions").click();
    assert.equal(await tab.locator(":focus").textContent(), "Your sessions");
    await control.click();
    await menu.getByText("Switch account").click();
    await pickAccount(tab, "Zoë Okonkwo");
    await seesSignedIn(tab, "Zoë Okonkwo");
    await control.click();
    await heading(tab, "You are signed in").click();
    assert.equal(await menu.getByText("Switch account").isVisible(), false);
    await control.click();
    await button(tab, "Sign out in all browsers").click();
    await seesSignedOut(tab, "Zoë Okonkwo");
  });

  it("keeps the person signed in over a reload", async (test) => {
    const { tab } = await open(test);
    await signIn(tab, world, "Ada Lindqvist");
    await tab.reload();
    await seesSignedIn(tab, "Ada Lindqvist");
  });

  it("says clearly that the person cancelled at the picker, and leads back", async (test) => {
    const { tab } = await open(test, { expectedErrors: [/status of 400/] });
    await tab.getByRole("link", { name: "Sign in" }).click();
    await button(tab, "Cancel").click();
    await heading(tab, "Signing in was cancelled").waitFor();
    await tab.getByRole("link", { name: "Back to the app" }).click();
    await seesSignedOut(tab, "Lindqvist");
  });

  it("tells another tab of the browser at once that it signed out", async (test) => {
    const { profile, tab } = await open(test);
    const cookie = await signIn(tab, world, "Ada Lindqvist");
    const other = await profile.newTab(world.publicBaseUrl);
    await seesSignedIn(other, "Ada Lindqvist");
    await setTabVisible(other, false);
    await button(tab, "Sign out").click();
    await other.getByText("You signed out in another tab of this browser.").first().waitFor();
    await seesSignedOut(other, "Ada Lindqvist");
    await seesSignedOut(tab, "Ada Lindqvist");
    await assertGone(world, cookie);
  });

  it("says when the server cannot find out who is signed in, and goes on when it can", async (test) => {
    const { tab } = await open(test, { expectedErrors: [/status of 503/] });
    await signIn(tab, world, "Ada Lindqvist");
    const outage = storeIsDown("read");
    await tab.reload();
    await heading(tab, "The account store could not be reached").waitFor();
    assert.equal(await heading(tab, "You are signed out").isVisible(), false);
    outage.remove();
    await button(tab, "Try again").click();
    await seesSignedIn(tab, "Ada Lindqvist");
    assert.equal(await heading(tab, "The account store could not be reached").isVisible(), false);
  });

  it("says when signing out did not work, and can do it again", async (test) => {
    const { tab } = await open(test, { expectedErrors: [/ERR_CONNECTION_RESET/] });
    const cookie = await signIn(tab, world, "Ada Lindqvist");
    await tab.route("**/auth/logout", (route) => route.abort("connectionreset"));
    await button(tab, "Sign out").click();
    await heading(tab, "Signing out did not work").waitFor();
    await seesSignedIn(tab, "Ada Lindqvist");
    await tab.unroute("**/auth/logout");
    await button(tab, "Try again").click();
    await seesSignedOut(tab, "Ada Lindqvist");
    await assertGone(world, cookie);
  });

  it("says when it is signed out but the server could not delete the tokens yet", async (test) => {
    const { profile, tab } = await open(test, { expectedErrors: [/status of 503/] });
    await signIn(tab, world, "Bruno Castellano");
    storeIsDown("delete");
    await button(tab, "Sign out").click();
    const notice = tab.getByRole("region", { name: "You have been signed out" });
    await notice.getByText("will delete your tokens as soon as it can reach its store").waitFor();
    await seesSignedOut(tab, "Bruno Castellano");
    const names = (await profile.context.cookies(world.publicBaseUrl)).map(({ name }) => name);
    assert.deepEqual(names, ["__Host-ended"]);
  });

  it("shows what an API answers, errors too", async (test) => {
    const { tab } = await open(test, { expectedErrors: [/status of 500/] });
    await signIn(tab, world, "Ada Lindqvist");
    const fault = { type: "status", status: 500, body: { error: { code: "generalException" } } } as const;
    world.downstreamApi.controls.failNext(fault);
    await button(tab, "Call Microsoft Graph").click();
    await tab.getByText("Answered with status 500").first().waitFor();
    await tab.getByText('"code": "generalException"').waitFor();
  });

  it("says when an API cannot be reached", async (test) => {
    const { tab } = await open(test, { expectedErrors: [/status of 502/] });
    await signIn(tab, world, "Ada Lindqvist");
    world.downstreamApi.controls.failNext({ type: "reset" }, 10);
    await button(tab, "Call Microsoft Graph").click();
    await heading(tab, "The API could not be reached").waitFor();
    world.downstreamApi.controls.clearFaults();
    await button(tab, "Try again").click();
    await tab.getByText('"displayName": "Ada Lindqvist"').waitFor();
  });

  it("lets the person confirm who they are when an API asks for it", async (test) => {
    const { tab } = await open(test);
    await signIn(tab, world, "Ada Lindqvist");
    world.downstreamApi.controls.requireAuthenticationContext("c1");
    try {
      await button(tab, "Call Microsoft Graph").click();
      await heading(tab, "One more step").waitFor();
      const back = tab.waitForEvent("load");
      await button(tab, "Continue").click();
      await back;
      await seesSignedIn(tab, "Ada Lindqvist");
      await button(tab, "Call Microsoft Graph").click();
      await tab.getByText('"displayName": "Ada Lindqvist"').waitFor();
    } finally {
      world.downstreamApi.controls.requireAuthenticationContext(undefined);
    }
  });

  it("asks the person to sign in again once the provider renews nothing any more", async (test) => {
    const { tab } = await open(test);
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    const cookie = await signIn(tab, world, "Mika Sørensen (Fabrikam)");
    world.identityProvider.controls.accessTokenLifetimeSeconds = 3600;
    world.identityProvider.controls.revokeRefreshTokens();
    await button(tab, "Call Microsoft Graph").click();
    await heading(tab, "You have been signed out").waitFor();
    await assertGone(world, cookie);
    await tab.getByRole("link", { name: "Sign in" }).click();
    await pickAccount(tab, "Mika Sørensen (Fabrikam)");
    await seesSignedIn(tab, "Mika Sørensen (Fabrikam)");
  });
});

function button(tab: Page, name: string): Locator {
  return tab.getByRole("button", { name, exact: name === "Sign out" });
}

function heading(tab: Page, name: string): Locator {
  return tab.getByRole("heading", { name });
}

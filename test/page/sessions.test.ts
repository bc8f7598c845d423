import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it, type TestContext } from "node:test";
import type { Locator, Page } from "playwright-core";
import { launchBrowser, type ProfileOptions, type TestBrowser } from "../support/browser.ts";
import { startFresh } from "../support/store.ts";
import { startTogether } from "../support/start-together.ts";
import { startWorld, type World } from "../support/world.ts";
import { looksRight } from "../browser/looks.ts";
import { accountStatus, assertGone, noticesSignOut, seesSignedOut, signIn, statusWith } from "./steps.ts";

const firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";
const edge = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/146.0.0.0 Safari/537.36 Edg/146.0.0.0";

const rowOf = (tab: Page, device: string): Locator => tab.getByRole("listitem").filter({ hasText: device }).first();
/** What the person does who wants to know: come back to the page. */
const look = (tab: Page) => tab.evaluate("dispatchEvent(new Event('focus'))");

describe("the list of sessions on the page", () => {
  let world: World;
  let browser: TestBrowser;
  before(async () => {
    [world, browser] = await startTogether(startWorld(), launchBrowser());
  });
  beforeEach(() => startFresh(world));
  after(() => Promise.all([browser.stop(), world.stop()]));

  async function signedIn(test: TestContext, name: string, options?: ProfileOptions) {
    const profile = await browser.newProfile(test, options);
    const tab = await profile.newTab();
    const cookie = await signIn(tab, world, name);
    return { profile, tab, cookie };
  }

  it("marks this browser, names the others, and shows new ones without being asked", async (test) => {
    const here = await signedIn(test, "Ada Lindqvist");
    await rowOf(here.tab, "This browser").getByText("Chrome on Linux").waitFor();
    assert.equal(await here.tab.getByRole("button", { name: /^Sign out .* on / }).count(), 0);
    await signedIn(test, "Ada Lindqvist", { userAgent: firefox });
    await look(here.tab);
    await here.tab.getByText("Firefox on Windows signed in").first().waitFor();
    await here.tab.getByRole("button", { name: "Sign out Firefox on Windows" }).waitFor();
    await signedIn(test, "Ada Lindqvist", { userAgent: edge });
    await look(here.tab);
    await here.tab.getByRole("button", { name: "Sign out Microsoft Edge on macOS" }).waitFor();
    assert.equal(await here.tab.getByText("This browser", { exact: true }).count(), 1);
    await looksRight(here.tab, "sessions");
  });

  it("signs another browser out, which notices, and this one stays", async (test) => {
    const other = await signedIn(test, "Bruno Castellano", { userAgent: firefox });
    const here = await signedIn(test, "Bruno Castellano");
    await here.tab.getByRole("button", { name: "Sign out Firefox on Windows" }).click();
    await here.tab.getByText("You signed out Firefox on Windows").first().waitFor();
    await here.tab.getByRole("button", { name: "Sign out Firefox on Windows" }).waitFor({ state: "detached" });
    // The button that had the focus is gone.
    assert.equal(await here.tab.locator(":focus").textContent(), "Your sessions");
    await look(other.tab);
    await noticesSignOut(other.tab);
    await seesSignedOut(other.tab, "Bruno Castellano");
    assert.equal(await statusWith(world, other.cookie), 401);
    assert.equal(await statusWith(world, here.cookie), 200);
  });

  it("says when another browser was signed out elsewhere", async (test) => {
    const other = await signedIn(test, "Ada Lindqvist", { userAgent: firefox });
    const here = await signedIn(test, "Ada Lindqvist");
    await here.tab.getByRole("button", { name: "Sign out Firefox on Windows" }).waitFor();
    // Without the sign-out at the provider, which would take this session too.
    await other.tab.evaluate(`(async () => {
      const { sessions } = await (await fetch("/auth/sessions")).json();
      await fetch("/auth/sessions/" + sessions.find(({ current }) => current).id, { method: "DELETE" });
    })()`);
    await look(here.tab);
    await here.tab.getByText("Firefox on Windows was signed out").first().waitFor();
    await here.tab.getByRole("button", { name: "Sign out Firefox on Windows" }).waitFor({ state: "detached" });
  });

  it("says when a browser could not be signed out, and can do it again", async (test) => {
    const other = await signedIn(test, "Mika Sørensen (Fabrikam)", { userAgent: firefox });
    const here = await signedIn(test, "Mika Sørensen (Fabrikam)", { expectedErrors: [/ERR_CONNECTION_RESET/] });
    await here.tab.route("**/auth/sessions/*", (route) => route.abort("connectionreset"));
    await here.tab.getByRole("button", { name: "Sign out Firefox on Windows" }).click();
    await here.tab.getByRole("heading", { name: "Signing out Firefox on Windows did not work" }).waitFor();
    await looksRight(here.tab, "sessions-error");
    assert.equal(await statusWith(world, other.cookie), 200);
    await here.tab.unroute("**/auth/sessions/*");
    await here.tab.getByRole("button", { name: "Try again" }).click();
    await here.tab.getByText("You signed out Firefox on Windows").first().waitFor();
    assert.equal(await here.tab.getByRole("heading", { name: "did not work" }).isVisible(), false);
    assert.equal(await statusWith(world, other.cookie), 401);
    assert.equal(await accountStatus(world, here.cookie), 200);
  });

  it("holds nobody's sessions after the sign-out, nor what has happened in them", async (test) => {
    const { tab } = await signedIn(test, "Ada Lindqvist");
    await rowOf(tab, "Chrome on Linux").waitFor();
    await tab.evaluate("fetch('/auth/sessions', { method: 'DELETE' })");
    await look(tab);
    await noticesSignOut(tab);
    assert.equal(await tab.getByTestId("sessions").locator("li").count(), 0);
    assert.equal(await tab.getByTestId("events").locator("li").count(), 0);
  });
});

const plain = (tab: Page): Locator => tab.getByRole("button", { name: "Sign out", exact: true });
const everywhere = (tab: Page): Locator => tab.getByRole("button", { name: "Sign out everywhere" });

describe("the ways to sign out on the page", () => {
  let browser: TestBrowser;
  let worlds: Readonly<Record<"account" | "session", World>>;
  before(async () => {
    const [launched, account, session] = await startTogether(
      launchBrowser(),
      startWorld({ environment: { SignOut__Scope: "account" } }),
      startWorld({ environment: { SignOut__Scope: "session" } }),
    );
    [browser, worlds] = [launched, { account, session }];
  });
  after(() => Promise.all([browser.stop(), ...Object.values(worlds).map((world) => world.stop())]));

  async function arrive(test: TestContext, scope: "account" | "session", name: string) {
    const world = worlds[scope];
    const tab = await (await browser.newProfile(test)).newTab();
    const cookie = await signIn(tab, world, name);
    return { world, tab, cookie };
  }

  it("are one where a sign-out is everywhere by policy, and the page says so before and after", async (test) => {
    const { world, tab, cookie } = await arrive(test, "account", "Ada Lindqvist");
    await tab.getByText("Signing out ends your session in every browser.").waitFor();
    assert.equal(await everywhere(tab).isVisible(), false);
    await plain(tab).click();
    await tab.getByText("You signed out everywhere: in this browser and in all others.").first().waitFor();
    await assertGone(world, cookie);
    await tab.reload();
    await seesSignedOut(tab, "Ada Lindqvist");
    await signIn(tab, world, "Ada Lindqvist");
  });

  it("are two where it is of one browser: out here, the page says that it was here, and the other one stays", async (test) => {
    const other = await arrive(test, "session", "Ada Lindqvist");
    const here = await arrive(test, "session", "Ada Lindqvist");
    assert.equal(await here.tab.getByText("Signing out ends your session in every browser.").isVisible(), false);
    await plain(here.tab).click();
    await here.tab.getByText("You signed out in this browser.").first().waitFor();
    assert.equal(await statusWith(here.world, here.cookie), 401);
    assert.equal(await statusWith(here.world, other.cookie), 200);
  });

  it("out everywhere: the page says so, the document is gone, and the provider knows nobody any more", async (test) => {
    const other = await arrive(test, "session", "Zoë Okonkwo");
    const here = await arrive(test, "session", "Zoë Okonkwo");
    await everywhere(here.tab).click();
    await here.tab.getByRole("heading", { name: "You signed out" }).waitFor();
    await here.tab.getByText("You signed out everywhere: in this browser and in all others.").first().waitFor();
    await seesSignedOut(here.tab, "Zoë Okonkwo");
    await assertGone(here.world, here.cookie);
    await assertGone(here.world, other.cookie);
    await look(other.tab);
    await noticesSignOut(other.tab);
    await here.tab.goto(here.world.identityProvider.publicUrl);
    await here.tab.getByText("Nobody is signed in with this browser.").waitFor();
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { startWorld, type World } from "../support/world.ts";
import { looksRight } from "../browser/looks.ts";
import { seesSignedOut, signIn, signInAtOtherApp } from "./steps.ts";

describe("the pages of the local platform", () => {
  let world: World;
  let browser: TestBrowser;
  before(async () => {
    [world, browser] = await startTogether(startWorld(), launchBrowser());
  });
  after(() => Promise.all([browser.stop(), world.stop()]));

  it("show the account's document come with the sign-in, sealed, and go with the sign-out in another app", async (test) => {
    const profile = await browser.newProfile(test);
    const documents = await profile.newTab(world.cosmos.url);
    await documents.getByText("There are no documents.").waitFor();

    const cookie = await signIn(await profile.newTab(), world, "Ada Lindqvist");
    const [accountKey = ""] = cookie.split(".");
    const account = documents
      .getByRole("article")
      .filter({ has: documents.getByRole("heading", { name: accountKey }) });
    await account.getByText(/^Created at /).waitFor();
    const sealed = account.getByRole("figure", { name: /^sealed Tokens and names, encrypted/ });
    await sealed.getByText(/^eyJ/).waitFor();
    assert.equal(await account.getByText('"_etag"').isVisible(), false);
    await looksRight(documents, "documents");
    await account.getByText("Added by Azure Cosmos DB").click();
    await account.getByText('"_etag"').waitFor();

    const otherApp = await signInAtOtherApp(profile, world, "Ada Lindqvist");
    await otherApp.getByRole("button", { name: "Sign out" }).click();
    await account.getByText(/^Deleted by the sign-out at /).waitFor();
    await documents.getByText("1 document.").waitFor();
    await account.getByRole("figure").waitFor({ state: "detached" });
    await looksRight(documents, "documents-gone");
    await account.waitFor({ state: "detached" });
    await documents.reload();
    await documents.getByText("Marks of sessions that were signed out (1)").click();
    await documents.getByRole("article").getByText('"signedOutAt": "').waitFor();
  });

  it("lead to each other", async (test) => {
    const tab = await (await browser.newProfile(test)).newTab(world.publicBaseUrl);
    const places: readonly [name: string, url: string][] = [
      ["Stored documents", world.cosmos.url],
      ["The other app", world.secondApp.url],
      ["Identity provider", world.identityProvider.publicUrl],
    ];
    for (const [name, url] of places) {
      // They open next to the app's page, which is the one to watch.
      assert.deepEqual(await linkOf(tab, name), [url, "_blank"]);
    }
    await tab.goto(world.cosmos.url);
    for (const [name, url] of [...places.slice(1), ["The app", world.publicBaseUrl] as const]) {
      await tab.getByRole("link", { name }).click();
      await tab.waitForURL(`${url}/`);
    }
    await seesSignedOut(tab, "Lindqvist");
  });

  it("say what the person can see there, once they are signed in", async (test) => {
    const tab = await (await browser.newProfile(test)).newTab();
    await signIn(tab, world, "Ada Lindqvist");
    const walk = tab.getByRole("region", { name: "See a sign-out arrive" });
    await walk.getByRole("link", { name: "Open the stored documents" }).waitFor();
    assert.deepEqual(await linkOf(tab, "Open the other app"), [world.secondApp.url, "_blank"]);
  });

  it("stop at the page that tells the apps of a sign-out, until the person goes on, or has them go on", async (test) => {
    const { controls } = world.identityProvider;
    controls.holdSignOutPage = true;
    test.after(() => (controls.holdSignOutPage = false));
    const profile = await browser.newProfile(test);
    await signIn(await profile.newTab(), world, "Zoë Okonkwo");
    const tab = await signInAtOtherApp(profile, world, "Zoë Okonkwo");
    await tab.getByRole("button", { name: "Sign out" }).click();
    await tab.getByText("Your apps have been told.").waitFor();
    assert.equal(await tab.getByText(/^Its frame has loaded, after \d+ ms\.$/).count(), 2);
    assert.equal(await tab.locator(":focus").textContent(), "Continue");
    await looksRight(tab, "provider-telling");
    await tab.getByRole("checkbox", { name: "Stop at this page" }).uncheck();
    await tab.getByRole("link", { name: "Continue" }).click();
    await tab.getByRole("link", { name: "Sign in" }).click();
    await tab.getByRole("button", { name: "Zoë Okonkwo" }).click();
    await tab.getByRole("button", { name: "Sign out" }).click();
    await tab.getByRole("heading", { name: "You are signed out" }).waitFor();
  });
});

async function linkOf(tab: Page, name: string): Promise<[origin: string, target: string | null]> {
  const link = tab.getByRole("link", { name });
  return [new URL((await link.getAttribute("href")) ?? "").origin, await link.getAttribute("target")];
}

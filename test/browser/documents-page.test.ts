import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { startWorld, type World } from "../support/world.ts";
import { looksRight } from "./looks.ts";
import { signIn, signInAtOtherApp } from "./steps.ts";

describe("the page of the local Cosmos DB endpoint", () => {
  let world: World;
  let browser: TestBrowser;
  before(async () => {
    [world, browser] = await startTogether(startWorld(), launchBrowser());
  });
  after(() => Promise.all([browser.stop(), world.stop()]));

  it("shows the account's document come with the sign-in, sealed, and go with the sign-out in another app", async (test) => {
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
});

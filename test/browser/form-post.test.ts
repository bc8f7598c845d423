import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page, Request } from "playwright-core";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { startPageWorld } from "../support/page-world.ts";
import type { World } from "../support/world.ts";
import { startSite } from "./site.ts";
import { continueWithoutScript, pickAccount, seesSignedIn, sessionCookieOf, statusWith } from "./steps.ts";

/** The requests to the callback, as they go out. */
function callbacks(tab: Page): Request[] {
  const seen: Request[] = [];
  tab.on("request", (request) => void (request.url().includes("/auth/callback") && seen.push(request)));
  return seen;
}

describe("the answer to a sign-in, posted by the identity provider's page,", () => {
  let world: World;
  let browser: TestBrowser;
  before(async () => {
    [world, browser] = await startTogether(startPageWorld(), launchBrowser());
  });
  after(() => Promise.all([browser.stop(), world.stop()]));

  it("comes without a cookie, and the navigation that follows with it, third-party cookies blocked", async (test) => {
    const profile = await browser.newProfile(test);
    const tab = await profile.newTab(`${world.publicBaseUrl}/auth/login`);
    const seen = callbacks(tab);
    await pickAccount(tab, "Ada Lindqvist");
    await seesSignedIn(tab, "Ada Lindqvist");
    assert.deepEqual(
      seen.map((request) => request.method()),
      ["POST", "GET"],
    );
    const [posted, followed] = await Promise.all(seen.map((request) => request.allHeaders()));
    assert.equal(posted?.["cookie"], undefined);
    assert.match(followed?.["cookie"] ?? "", /__Host-signin-/);
    assert.equal(followed?.["sec-fetch-site"], "cross-site");
    assert.equal(new URL(seen[1]?.url() ?? "").searchParams.has("code"), false);
  });

  it("is sent by the person where scripts are off", async (test) => {
    const profile = await browser.newProfile(test, { javaScriptEnabled: false });
    const tab = await profile.newTab(`${world.publicBaseUrl}/auth/login`);
    await pickAccount(tab, "Zoë Okonkwo");
    await continueWithoutScript(tab);
    await tab.getByRole("heading", { name: "JavaScript is off" }).waitFor();
    assert.equal(await statusWith(world, await sessionCookieOf(profile.context, world)), 200);
  });

  it("sent a second time leads to where it led, and signs nobody in or out", async (test) => {
    const profile = await browser.newProfile(test);
    const tab = await profile.newTab(`${world.publicBaseUrl}/auth/login?returnUrl=/?from=here`);
    const seen = callbacks(tab);
    await pickAccount(tab, "Zoë Okonkwo");
    await seesSignedIn(tab, "Zoë Okonkwo");
    const cookie = await sessionCookieOf(profile.context, world);
    const fields = [...new URLSearchParams(seen[0]?.postData() ?? "")].map(
      ([name, value]) => `<input type="hidden" name="${name}" value="${value}">`,
    );
    const provider = await startSite("127.0.0.1");
    test.after(() => provider.stop());
    const form = `<form method="post" action="${world.publicBaseUrl}/auth/callback">${fields.join("")}<button>Again</button></form>`;
    await tab.goto(provider.page("/", form));
    await tab.getByRole("button", { name: "Again" }).click();
    await tab.waitForURL(`${world.publicBaseUrl}/?from=here`);
    await seesSignedIn(tab, "Zoë Okonkwo");
    await tab.reload();
    await seesSignedIn(tab, "Zoë Okonkwo");
    assert.equal(await sessionCookieOf(profile.context, world), cookie);
    await tab.goBack();
    await tab.goForward();
    await seesSignedIn(tab, "Zoë Okonkwo");
  });

  it("says that nobody is signed in to a silent sign-in, which comes back without a word", async (test) => {
    const profile = await browser.newProfile(test);
    const tab = await profile.newTab(`${world.publicBaseUrl}/auth/login?prompt=none&returnUrl=/?silent`);
    await tab.waitForURL(`${world.publicBaseUrl}/?silent`);
    await tab.getByRole("heading", { name: "You are signed out" }).waitFor();
  });
});

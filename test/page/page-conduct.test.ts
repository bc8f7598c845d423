import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { startWorld, type World } from "../support/world.ts";
import { looksRight } from "../browser/looks.ts";
import { seesSignedIn, seesSignedOut, signIn } from "./steps.ts";

/** Half of what counts as good for a page's cumulative layout shift. */
const mostShift = 0.05;

describe("the page keeps its manners:", () => {
  let world: World;
  let browser: TestBrowser;
  before(async () => {
    [world, browser] = await startTogether(startWorld(), launchBrowser());
  });
  after(() => Promise.all([browser.stop(), world.stop()]));

  it("it asks nobody but the app, and for nothing inline", async (test) => {
    const profile = await browser.newProfile(test);
    const tab = await profile.newTab();
    await signIn(tab, world, "Ada Lindqvist");
    const asked: string[] = [];
    profile.context.on("request", (request) => asked.push(request.url()));
    const answer = await tab.goto(world.publicBaseUrl);
    await seesSignedIn(tab, "Ada Lindqvist");
    const others = asked.filter((url) => !url.startsWith(`${world.publicBaseUrl}/`) && !url.startsWith("data:image/"));
    assert.deepEqual(others, []);
    assert.match(
      answer?.headers()["content-security-policy"] ?? "",
      /^default-src 'none'; script-src 'self'; style-src 'self';/,
    );
    assert.doesNotMatch((await answer?.text()) ?? "", /<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/);
  });

  for (const width of [390, 1280]) {
    it(`at ${width} px nothing jumps while it loads, with picture and sessions`, async (test) => {
      const profile = await browser.newProfile(test, { viewport: { width, height: 800 } });
      const tab = await profile.newTab();
      await signIn(tab, world, "Zoë Okonkwo");
      await tab.reload();
      await seesSignedIn(tab, "Zoë Okonkwo");
      await tab.getByText("This browser", { exact: true }).waitFor();
      const shift = await layoutShift(tab);
      assert.ok(shift < mostShift, `The layout shifts by ${shift}`);
    });
  }

  it("what has happened says how long it took, and how long ago it was, as time goes on", async (test) => {
    const tab = await (await browser.newProfile(test)).newTab();
    await signIn(tab, world, "Ada Lindqvist");
    await tab.getByRole("button", { name: "Call Microsoft Graph" }).click();
    const event = tab.getByTestId("events").locator("li").first();
    await event.getByText(/^GET \/api\/graph\/me: 200 in \d+ ms$/).waitFor();
    await event.getByText(/^[1-9]\d* sec\. ago$/).waitFor();
  });

  it("a sign-out here is explained when the browser comes back, once", async (test) => {
    const tab = await (await browser.newProfile(test)).newTab();
    await signIn(tab, world, "Ada Lindqvist");
    await tab.getByTestId("sign-out").click();
    const notice = tab.getByRole("region", { name: "You signed out" });
    await notice.getByText("Your tokens were deleted before the browser went on").waitFor();
    await notice.getByText(/^(now|\d+ sec\. ago)$/).waitFor();
    await seesSignedOut(tab, "Ada Lindqvist");
    await looksRight(tab, "signed-out-here");
    await tab.reload();
    await seesSignedOut(tab, "Ada Lindqvist");
    assert.equal(await notice.isVisible(), false);
  });

  it("a sign-out here is explained, also when the browser is slow to leave and the page asks once more", async (test) => {
    const tab = await (await browser.newProfile(test)).newTab();
    await signIn(tab, world, "Ada Lindqvist");
    const gate = world.identityProvider.controls.gate("end-session");
    try {
      await tab.getByTestId("sign-out").click({ noWaitAfter: true });
      await gate.reached();
      // The page asks by itself, every few seconds.
      await tab.waitForResponse(`${world.publicBaseUrl}/auth/me?optional=1`);
    } finally {
      gate.release();
    }
    await tab.waitForURL(`${world.publicBaseUrl}/`);
    const notice = tab.getByRole("region", { name: "You signed out" });
    await notice.getByText("Your tokens were deleted before the browser went on").waitFor();
    await tab.reload();
    await seesSignedOut(tab, "Ada Lindqvist");
    assert.equal(await notice.isVisible(), false);
  });
});

/** Cumulative layout shift so far (Layout Instability API), without what follows a person's input. */
async function layoutShift(tab: Page): Promise<number> {
  return tab.evaluate<number>(`new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
  })`);
}

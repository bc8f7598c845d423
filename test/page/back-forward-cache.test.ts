import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { startWorld, type World } from "../support/world.ts";
import { seesSignedIn, signIn } from "./steps.ts";

const event = (type: string): string => `dispatchEvent(new PageTransitionEvent("${type}", { persisted: true }))`;

/**
 * Has the browser end a script at the first step that empties something, as Firefox does when it navigates: there
 * nothing can catch it. The events are made by hand: a real navigation in this browser ends nothing.
 */
const endScripts = `
  window.ended = [];
  const ended = () => { throw new Error("The browser ended the script"); };
  for (const [owner, name] of [[Node.prototype, "textContent"], [Element.prototype, "replaceChildren"],
    [Element.prototype, "remove"], [Element.prototype, "removeAttribute"], [Element.prototype, "setAttribute"],
    [Document.prototype, "title"]]) {
    const real = Object.getOwnPropertyDescriptor(owner, name);
    window.ended.push(() => Object.defineProperty(owner, name, real));
    Object.defineProperty(owner, name, { ...real, ...(real.set ? { set: ended } : { value: ended }) });
  }`;
const letScriptsRun = "for (const restore of window.ended) restore();";

describe("the browser keeps the page of somebody who is signed in for the Back button", () => {
  let world: World;
  let browser: TestBrowser;
  before(async () => {
    [world, browser] = await startTogether(startWorld(), launchBrowser());
  });
  after(() => Promise.all([browser.stop(), world.stop()]));

  it("and ends the page's script on the way: what comes back shows nobody, and then who is signed in", async (test) => {
    const expectedErrors = [/The browser ended the script/];
    const tab = await (await browser.newProfile(test, { expectedErrors })).newTab();
    await signIn(tab, world, "Ada Lindqvist");
    await tab.getByRole("button", { name: "Call Microsoft Graph" }).click();
    await tab.getByText('"displayName": "Ada Lindqvist"').waitFor();

    await tab.evaluate(`{ ${endScripts} ${event("pagehide")}; ${letScriptsRun} }`);
    assert.equal(await tab.getByTestId("account-name").isVisible(), false, "The account shows");
    const left = await tab.evaluate(`{ ${event("pageshow")}; document.body.innerText + document.body.innerHTML; }`);
    assert.doesNotMatch(String(left), /Lindqvist|ada@contoso/, "The account is still in the page");
    await seesSignedIn(tab, "Ada Lindqvist");
  });
});

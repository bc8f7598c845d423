import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import type { Page } from "playwright-core";
import { launchBrowser, type ProfileOptions, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";
import { assertGone, seesSignedIn, seesSignedOut } from "./steps.ts";

/** Something of the browser that the page and the published module use: the object that has it, and its name there. */
type Facility = readonly [owner: string, name: string];

/** Things to call or to construct. */
const functions: readonly Facility[] = [
  ["window", "BroadcastChannel"],
  ["BroadcastChannel.prototype", "postMessage"],
  ["BroadcastChannel.prototype", "addEventListener"],
  ["BroadcastChannel.prototype", "close"],
  ["Storage.prototype", "getItem"],
  ["Storage.prototype", "setItem"],
  ["Storage.prototype", "removeItem"],
  ["AbortSignal", "timeout"],
  ["window", "AbortController"],
  ["AbortController.prototype", "abort"],
  ["Date.prototype", "toLocaleString"],
  ["performance", "now"],
];
/** Things to look at. */
const values: readonly Facility[] = [
  ["window", "sessionStorage"],
  ["window", "Intl"],
  ["window", "performance"],
  ["document", "visibilityState"],
  ["navigator", "cookieEnabled"],
  ["document", "cookie"],
  ["URLSearchParams.prototype", "size"],
];
/** What neither of the two uses, and should not begin to lean on. */
const others: readonly Facility[] = [
  ["window", "localStorage"],
  ["window", "indexedDB"],
  ["window", "caches"],
  ["window", "cookieStore"],
  ["window", "crypto"],
  ["window", "history"],
  ["window", "matchMedia"],
  ["window", "CSS"],
  ["window", "Notification"],
  ["window", "requestIdleCallback"],
  ["window", "requestAnimationFrame"],
  ["window", "reportError"],
  ["window", "structuredClone"],
  ["window", "DOMException"],
  ["window", "MutationObserver"],
  ["navigator", "sendBeacon"],
  ["navigator", "locks"],
  ["navigator", "languages"],
  ["navigator", "serviceWorker"],
  ["navigator", "permissions"],
];

/** For what follows in the script, which may take DOMException away. */
const refusal = `const refusal = new DOMException("The operation is insecure.", "SecurityError");`;
const define = ([owner, name]: Facility, descriptor: string): string =>
  `Object.defineProperty(${owner}, "${name}", { configurable: true, ${descriptor} });`;
const missing = (facility: Facility): string => define(facility, "value: undefined");
const refusedOnCall = (facility: Facility): string => define(facility, `value: function () { throw refusal; }`);
const refusedOnSight = (facility: Facility): string => define(facility, "get() { throw refusal; }");
/** Members of objects before the objects themselves, while these can be found. */
const all = (facilities: readonly Facility[], how: (facility: Facility) => string): string =>
  facilities
    .toSorted(([a], [b]) => Number(a === "window") - Number(b === "window"))
    .map(how)
    .join("\n");

const cases: readonly (readonly [what: string, script: string])[] = [
  ...functions.flatMap((each) => [
    [`${each.join(".")} throws`, refusedOnCall(each)] as const,
    [`${each.join(".")} is missing`, missing(each)] as const,
  ]),
  ...values.flatMap((each) => [
    [`${each.join(".")} throws`, refusedOnSight(each)] as const,
    [`${each.join(".")} is missing`, missing(each)] as const,
  ]),
  ["the locale of the system is one that Intl refuses", localeRefused()],
  ["everything that the page does not need throws", all(others, refusedOnSight)],
  ["everything that the page does not need is missing", all(others, missing)],
  ["all of it is missing together", all([...functions, ...values, ...others], missing)],
];

/** A page of somebody's own that knows the app by the published module alone, and says what it is told. */
const ownPage = `<!doctype html><html lang="en"><title>Own page</title><link rel="icon" href="data:,">
  <h1>Own page</h1><p id="state"></p>
  <script type="module">
    import * as auth from "/assets/auth.js";
    const say = (text) => { document.getElementById("state").textContent = text; };
    try {
      auth.onSession(({ state, me }) => say(state + " " + (me?.account.name ?? "")));
      auth.onSession(() => {})();
      window.auth = auth;
    } catch (error) {
      say("onSession threw " + error);
    }
  </script>`;

describe("where a facility of the browser is refused or missing, the page and the published module do without:", () => {
  let world: World;
  let browser: TestBrowser;
  before(async () => {
    [world, browser] = await startTogether(startWorld(), launchBrowser());
  });
  after(() => Promise.all([browser.stop(), world.stop()]));

  /** A browser in which somebody has signed in before it lost something. */
  async function signedInWithout(test: TestContext, script: string, options?: ProfileOptions) {
    const client = world.client();
    await signIn(client, "ada@contoso.example");
    const cookie = sessionOf(client).value;
    const profile = await browser.newProfile(test, options);
    const { context } = profile;
    const attributes = { path: "/", secure: true, httpOnly: true, sameSite: "Lax" } as const;
    await context.addCookies([{ name: sessionCookie, value: cookie, domain: "localhost", ...attributes }]);
    // Not before the navigation has one: what is defined for about:blank is gone with it.
    await context.addInitScript(`if (location.origin === "${world.publicBaseUrl}") { ${refusal} ${script} }`);
    await context.route("**/own-page", (route) => route.fulfill({ contentType: "text/html", body: ownPage }));
    return { cookie, tab: await profile.newTab() };
  }

  for (const [what, script] of cases) {
    it(what, async (test) => {
      const { tab, cookie } = await signedInWithout(test, script);
      await tab.goto(`${world.publicBaseUrl}/own-page`);
      await tab.getByText("signed-in Ada Lindqvist").waitFor();

      await tab.goto(world.publicBaseUrl);
      await seesSignedIn(tab, "Ada Lindqvist");
      await tab.getByText("This browser", { exact: true }).waitFor();
      await tab.getByRole("button", { name: "Call Microsoft Graph" }).click();
      await tab.getByText('"displayName": "Ada Lindqvist"').waitFor();
      // By way of the provider: a sign-out that the page takes for failed would not go there.
      const leaving = tab.waitForRequest(/\/oauth2\/v2\.0\/logout/);
      await clickSignOut(tab);
      await leaving;
      await seesSignedOut(tab, "Ada Lindqvist");
      await assertGone(world, cookie);
    });
  }

  for (const way of [missing, refusedOnCall]) {
    const what = way === missing ? "is missing" : "throws";
    it(`window.fetch ${what}: the page says that it did not work, and how to go on`, async (test) => {
      const { tab } = await signedInWithout(test, way(["window", "fetch"]));
      await tab.goto(world.publicBaseUrl);
      await tab.getByRole("heading", { name: "The server cannot be reached" }).waitFor();
      await tab.getByRole("button", { name: "Try again" }).waitFor();
    });
  }

  const blocked = [
    ["navigator.cookieEnabled is false", define(["navigator", "cookieEnabled"], "value: false")],
    ["document.cookie keeps nothing", define(["document", "cookie"], 'get() { return ""; }, set() {}')],
  ] as const;
  for (const [what, script] of blocked)
    it(`${what}: the page says that cookies are blocked, and the way to sign in stays`, async (test) => {
      const { tab } = await signedInWithout(test, script);
      await tab.goto(world.publicBaseUrl);
      await seesSignedIn(tab, "Ada Lindqvist");
      await tab.context().clearCookies();
      await tab.reload();
      await tab.getByRole("heading", { name: "Your browser does not keep this app’s cookies" }).waitFor();
      await seesSignedOut(tab, "Ada Lindqvist");
      const reload = tab.waitForEvent("load");
      await tab.getByRole("button", { name: "Reload the page" }).click();
      await reload;
      await tab.getByRole("heading", { name: "Your browser does not keep this app’s cookies" }).waitFor();
    });

  it("a listener that throws takes nothing from the others, nor from the sign-out, and its error is reported", async (test) => {
    const { tab } = await signedInWithout(test, "", { expectedErrors: [/A page threw: Error: The listener's own/] });
    await tab.goto(`${world.publicBaseUrl}/own-page`);
    await tab.getByText("signed-in Ada Lindqvist").waitFor();
    await tab.evaluate(`{
      window.told = [];
      auth.onSession(() => { throw new Error("The listener's own"); });
      auth.onSession(({ state }) => window.told.push(state));
    }`);
    await tab.waitForFunction("window.told.includes('signed-in')");
    const leaving = tab.waitForRequest(/\/oauth2\/v2\.0\/logout/);
    assert.equal(await tab.evaluate("auth.logout()"), true);
    await leaving;
  });
});

/** As some Linux systems are set up: "en-US@posix". What names its language is served. */
function localeRefused(): string {
  return `for (const [owner, name] of [[Intl, "DateTimeFormat"], [Intl, "RelativeTimeFormat"]]) {
    const real = owner[name];
    owner[name] = function (locales, options) {
      if (locales === undefined) throw new RangeError("Incorrect locale information provided");
      return new real(locales, options);
    };
  }
  const text = Date.prototype.toLocaleString;
  Date.prototype.toLocaleString = function (locales, options) {
    if (locales === undefined) throw new RangeError("Incorrect locale information provided");
    return text.call(this, locales, options);
  };`;
}

async function clickSignOut(tab: Page): Promise<void> {
  await tab.getByRole("button", { name: "Sign out", exact: true }).click();
}

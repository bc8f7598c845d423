import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { transactionCookie, untilCallback } from "../support/sign-in-steps.ts";
import { startTogether } from "../support/start-together.ts";
import { startPageWorld } from "../support/page-world.ts";
import { httpStreaming, sessionCookie, sessionOf, signIn as signInByHttp, type World } from "../support/world.ts";
import { startSite, type Site } from "./site.ts";
import { seesSignedIn, signIn } from "./steps.ts";

/** The neighbour may write cookies for the app's host, as another host of the domain may for the domain. */
const unanswered = { skip: httpStreaming && "the host does not answer this with HTTP streams" };

describe("cookies that a neighbour's page plants", () => {
  let world: World;
  let browser: TestBrowser;
  let neighbour: Site;
  before(async () => {
    [world, browser, neighbour] = await startTogether(startPageWorld(), launchBrowser(), startSite("localhost"));
  });
  after(() => Promise.all([browser.stop(), world.stop(), neighbour.stop()]));

  /** A browser, and what has it visit the neighbour's page, which then plants `cookie`. */
  async function browserFor(test: TestContext, cookie: string, expectedErrors: readonly RegExp[] = []) {
    const profile = await browser.newProfile(test, { expectedErrors });
    return {
      profile,
      plant: async () => {
        const tab = await profile.newTab(neighbour.page("/trap", ""));
        await tab.evaluate(`document.cookie = ${JSON.stringify(`${cookie}; path=/`)}`);
        assert.ok((await tab.evaluate<string>("document.cookie")).includes(cookie), "The browser took no such cookie");
        await tab.close();
      },
    };
  }

  for (const [what, odd] of [
    ["U+00A0", "\u00a0"],
    ["U+0085", "\u0085"],
    ["a soft hyphen", "\u00ad"],
  ] as const) {
    it(`with ${what} before the session's name: whoever is signed in stays themselves`, unanswered, async (test) => {
      const attacker = world.client();
      await signInByHttp(attacker, "bruno@contoso.example", "/healthz");
      const planted = `${odd}${sessionCookie}=${sessionOf(attacker).value}`;
      const { profile, plant } = await browserFor(test, planted);
      const tab = await profile.newTab();
      await plant();
      await tab.goto(world.publicBaseUrl);
      await tab.getByRole("link", { name: "Sign in" }).waitFor();
      assert.equal(await tab.evaluate<number>(`fetch("/auth/me?optional=1").then(({ status }) => status)`), 204);
      await signIn(tab, world, "Ada Lindqvist");
      await plant();
      await tab.reload();
      await seesSignedIn(tab, "Ada Lindqvist");
    });

    it(`with ${what} before a sign-in's name: the attacker's sign-in ends with an error`, unanswered, async (test) => {
      const attacker = world.client();
      const callback = await untilCallback(attacker, "bruno@contoso.example");
      const { name, value } = transactionCookie(attacker);
      const { profile, plant } = await browserFor(test, `${odd}${name}=${value}`, [/status of 400/]);
      await plant();
      const tab = await profile.newTab(callback.href);
      await tab.getByText("A sign-in works only once").waitFor();
      await tab.goto(world.publicBaseUrl);
      const status = await tab.evaluate<number>(`fetch("/auth/me?optional=1").then(({ status }) => status)`);
      assert.equal(status, 204, "The attacker's account was signed in");
    });
  }
});

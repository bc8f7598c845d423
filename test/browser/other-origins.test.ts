import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import type { Page } from "playwright-core";
import { launchBrowser, type ProfileOptions, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { startPageWorld } from "../support/page-world.ts";
import type { World } from "../support/world.ts";
import { startSite, type Site } from "./site.ts";
import { accountStatus, continueWithoutScript, pickAccount, seesSignedIn, signIn, statusWith } from "./steps.ts";

let world: World;
let browser: TestBrowser;
before(async () => {
  [world, browser] = await startTogether(startPageWorld(), launchBrowser());
});
after(() => Promise.all([browser.stop(), world.stop()]));

/** Ada, signed in, with a tab open at her page. */
async function signedIn(test: TestContext, options?: ProfileOptions) {
  const profile = await browser.newProfile(test, options);
  const home = await profile.newTab();
  const cookie = await signIn(home, world, "Ada Lindqvist");
  const staysSignedIn = async () => {
    assert.equal(await accountStatus(world, cookie), 200);
    assert.equal(await statusWith(world, cookie), 200);
    await home.reload();
    await seesSignedIn(home, "Ada Lindqvist");
  };
  return { profile, home, staysSignedIn };
}

const refused = /status of 403/;
const withheldAnswer = /net::ERR_(BLOCKED_BY_RESPONSE.NotSameOrigin|FAILED)/;
const refusedFrame = /frame-ancestors/;

for (const host of ["127.0.0.1", "localhost"] as const) {
  const whose = host === "localhost" ? "the same site but another origin (it gets the cookie sent)" : "another site";

  describe(`a page of ${whose} cannot sign a person out`, () => {
    let site: Site;
    before(async () => {
      site = await startSite(host);
    });
    after(() => site.stop());

    it("with a form that posts by itself", async (test) => {
      const { profile, staysSignedIn } = await signedIn(test, { expectedErrors: [refused] });
      // <form method="post" action="…/auth/logout"></form> <script>document.forms[0].submit()</script>
      const form = `<form method="post" action="${world.publicBaseUrl}/auth/logout"></form><script>document.forms[0].submit()</script>`;
      const tab = await profile.newTab(site.page("/form", form));
      await tab.getByRole("heading", { name: "The request came from another site" }).waitFor();
      await staysSignedIn();
    });

    it("with fetch and credentials, nor read an API's answer", async (test) => {
      const { profile, staysSignedIn } = await signedIn(test, { expectedErrors: [withheldAnswer, /CORS policy/] });
      const tab = await profile.newTab(site.page("/fetch", ""));
      world.downstreamApi.controls.clearRequests();
      const outcome = await tab.evaluate<(number | string)[]>(`(async () => {
        const options = [
          ["/auth/logout", { method: "POST", mode: "no-cors" }],
          ["/auth/logout", { method: "POST" }],
          ["/auth/sessions", { method: "DELETE" }],
          ["/auth/me", {}],
          ["/api/graph/me", {}],
          ["/api/graph/me", { method: "POST", mode: "no-cors", body: "{}" }],
        ];
        const answers = options.map(([path, init]) => fetch("${world.publicBaseUrl}" + path, { credentials: "include", ...init }));
        const settled = await Promise.allSettled(answers);
        return settled.map(({ value, reason }) => value?.status ?? reason.name);
      })()`);
      assert.deepEqual(
        outcome,
        outcome.map(() => "TypeError"),
      );
      assert.deepEqual(world.downstreamApi.requests, [], "The API was called for another site");
      await staysSignedIn();
    });

    it("with a link, an image or a frame", async (test) => {
      const { profile, staysSignedIn } = await signedIn(test, { expectedErrors: [refusedFrame, withheldAnswer] });
      const logout = `${world.publicBaseUrl}/auth/logout`;
      const traps = `<img src="${logout}" alt=""><iframe src="${logout}"></iframe><a href="${logout}">A prize</a>`;
      const tab = await profile.newTab(site.page("/traps", traps));
      await tab.getByRole("link", { name: "A prize" }).click();
      await tab.getByRole("heading", { name: "Sign out?" }).waitFor();
      await staysSignedIn();
    });

    it("nor frame the page, to have it clicked unseen", async (test) => {
      const { profile, staysSignedIn } = await signedIn(test, { expectedErrors: [refusedFrame] });
      for (const path of ["/", "/auth/logout", "/auth/signed-out", "/auth/frontchannel-logout?sid=unknown"]) {
        const frame = `<iframe src="${world.publicBaseUrl}${path}"></iframe>`;
        const tab = await profile.newTab(site.page("/frame", frame));
        assert.deepEqual(await framedTexts(tab), [""], path);
        await tab.close();
      }
      await staysSignedIn();
    });
  });
}

it("the provider's sign-out page can frame the front-channel logout", async (test) => {
  const profile = await browser.newProfile(test, { javaScriptEnabled: false });
  const tab = await profile.newTab(`${world.publicBaseUrl}/auth/login`);
  await pickAccount(tab, "Bruno Castellano");
  await continueWithoutScript(tab);
  await tab.getByRole("heading", { name: "JavaScript is off" }).waitFor();
  await tab.goto(world.identityProvider.publicUrl);
  await tab.getByRole("button", { name: /^Sign out/ }).click();
  await tab.getByRole("heading", { name: "Signing you out" }).waitFor();
  assert.match((await framedTexts(tab)).join("\n"), /You are signed out of this app/);
});

/** What the frames of a page show; nothing where the browser refused to show it. */
async function framedTexts(tab: Page): Promise<string[]> {
  await tab.waitForLoadState("load");
  const frames = tab.frames().filter((frame) => frame !== tab.mainFrame());
  // The browser's own page about the refusal has an address of its own kind.
  const text = `location.protocol === "http:" ? document.body.textContent : ""`;
  return Promise.all(frames.map(async (frame) => frame.evaluate<string>(text)));
}

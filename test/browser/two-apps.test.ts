import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { withCookieName } from "../../tools/start/given-settings.ts";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { startPathsOfOneHost, type PathsOfOneHost } from "../support/paths-of-one-host.ts";
import { startTogether } from "../support/start-together.ts";
import { startPageWorld } from "../support/page-world.ts";
import { freePorts, type World } from "../support/world.ts";
import { pickAccount, seesSignedIn, seesSignedOut } from "./steps.ts";

/** As `npm start -- --port …` starts them. Browsers share the cookies of localhost between its ports. */
async function startNamed(): Promise<World> {
  const ports = await freePorts();
  return startPageWorld({ ports, environment: withCookieName({}, ports.app) });
}

async function signInAt(tab: Page, url: string, name: string): Promise<void> {
  await tab.goto(url);
  await tab.getByRole("link", { name: "Sign in" }).click();
  await pickAccount(tab, name);
  await seesSignedIn(tab, name);
}

describe("two apps on two ports of localhost, in one browser", () => {
  let worlds: readonly [World, World];
  let browser: TestBrowser;
  before(async () => {
    [browser, ...worlds] = await startTogether(launchBrowser(), startNamed(), startNamed());
  });
  after(() => Promise.all([browser.stop(), ...worlds.map((world) => world.stop())]));

  it("keep their people apart: signing in or out at one leaves the other as it was", async (test) => {
    const [first, second] = worlds;
    const profile = await browser.newProfile(test);
    const [left, right] = [await profile.newTab(), await profile.newTab()];
    await signInAt(left, first.publicBaseUrl, "Ada Lindqvist");
    await signInAt(right, second.publicBaseUrl, "Zoë Okonkwo");
    await left.reload();
    await seesSignedIn(left, "Ada Lindqvist");
    await right.getByRole("button", { name: "Sign out", exact: true }).click();
    await seesSignedOut(right, "Zoë Okonkwo");
    await left.reload();
    await seesSignedIn(left, "Ada Lindqvist");
    await left.goto(`${first.identityProvider.publicUrl}/`);
    await left.getByRole("button", { name: /^Sign out/ }).waitFor();
    const cookies = await profile.context.cookies(first.publicBaseUrl);
    const names = cookies.map(({ name }) => name).filter((name) => name.startsWith("__Host-"));
    const session = `__Host-session-${first.ports.app}`;
    const [own, others] = [true, false].map((isOwn) =>
      names.filter((name) => name.startsWith(session) === isOwn).toSorted(),
    );
    // The second leads whoever comes back to the sign-in's address to where it led.
    assert.match(own?.join() ?? "", new RegExp(`^${session},${session}-signin-[\\w-]{16}$`));
    assert.deepEqual(others, [`__Host-session-${second.ports.app}-ended`]);
  });
});

describe("two apps below the paths of one host, in one browser", () => {
  let host: PathsOfOneHost;
  let browser: TestBrowser;
  before(async () => {
    [browser, host] = await startTogether(launchBrowser(), startPathsOfOneHost(startPageWorld));
  });
  after(() => Promise.all([browser.stop(), host.stop()]));

  it("keep their people apart, and a tab of one does not take a sign-out at the other for its own", async (test) => {
    const profile = await browser.newProfile(test);
    const [left, right] = [await profile.newTab(), await profile.newTab()];
    await signInAt(left, `${host.origin}/orders/`, "Ada Lindqvist");
    await signInAt(right, `${host.origin}/billing/`, "Zoë Okonkwo");
    await left.evaluate(`
      states = [];
      new MutationObserver(() => states.push(document.documentElement.dataset.state))
        .observe(document.documentElement, { attributeFilter: ["data-state"] });
    `);
    await right.getByRole("button", { name: "Sign out", exact: true }).click();
    await seesSignedOut(right, "Zoë Okonkwo");
    assert.equal(right.url(), `${host.origin}/billing/`);
    await left.getByRole("button", { name: "Call Microsoft Graph" }).click();
    await left.getByText('"displayName": "Ada Lindqvist"').waitFor();
    assert.doesNotMatch(String(await left.evaluate("states.join()")), /signed-out/);
    // The tab has seen a session at the other app, which is no concern of this one.
    await left.goto(`${host.origin}/billing/`);
    await seesSignedOut(left, "Ada Lindqvist");
    await left.goto(`${host.origin}/orders/`);
    await seesSignedIn(left, "Ada Lindqvist");
  });

  it("have a module that finds the path by itself, and can be told another", async (test) => {
    const tab = await (await browser.newProfile(test)).newTab(`${host.origin}/billing/`);
    const asked = `import("/billing/assets/auth.js").then(({ loginUrl, setBasePath }) => [
      loginUrl({ returnUrl: "/billing/7" }),
      (setBasePath("/orders/"), loginUrl({ returnUrl: "/orders/7" })),
    ])`;
    assert.deepEqual(await tab.evaluate(asked), [
      "/billing/auth/login?returnUrl=%2Fbilling%2F7",
      "/orders/auth/login?returnUrl=%2Forders%2F7",
    ]);
  });
});

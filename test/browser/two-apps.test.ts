import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { withCookieName } from "../../tools/start/given-settings.ts";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { freePorts, startWorld, type World } from "../support/world.ts";
import { pickAccount, seesSignedIn, seesSignedOut } from "./steps.ts";

/** As `npm start -- --port …` starts them. Browsers share the cookies of localhost between its ports. */
async function startNamed(): Promise<World> {
  const ports = await freePorts();
  return startWorld({ ports, environment: withCookieName({}, ports.app) });
}

async function signInAt(tab: Page, world: World, name: string): Promise<void> {
  await tab.goto(world.publicBaseUrl);
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
    await signInAt(left, first, "Ada Lindqvist");
    await signInAt(right, second, "Zoë Okonkwo");
    await left.reload();
    await seesSignedIn(left, "Ada Lindqvist");
    await right.getByRole("button", { name: "Sign out", exact: true }).click();
    await seesSignedOut(right, "Zoë Okonkwo");
    await left.reload();
    await seesSignedIn(left, "Ada Lindqvist");
    await left.goto(`${first.identityProvider.publicUrl}/`);
    await left.getByRole("button", { name: /^Sign out/ }).waitFor();
    const names = (await profile.context.cookies(first.publicBaseUrl)).map(({ name }) => name);
    const session = `__Host-session-${first.ports.app}`;
    // The other one leads whoever comes back to the sign-in's address to where it led.
    assert.match(
      names
        .filter((name) => name.startsWith("__Host-"))
        .toSorted()
        .join(),
      new RegExp(`^${session},${session}-signin-[\\w-]{16}$`),
    );
  });
});

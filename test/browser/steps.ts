import assert from "node:assert/strict";
import type { BrowserContext, Page } from "playwright-core";
import type { Profile } from "../support/browser.ts";
import { sessionCookie, type World } from "../support/world.ts";

/** Signs in by clicking, from the app's page through the provider's account picker. Returns the session's cookie. */
export async function signIn(tab: Page, world: World, name: string): Promise<string> {
  await tab.goto(world.publicBaseUrl);
  await tab.getByRole("link", { name: "Sign in" }).click();
  await pickAccount(tab, name);
  await seesSignedIn(tab, name);
  return sessionCookieOf(tab.context(), world);
}

export async function pickAccount(tab: Page, name: string): Promise<void> {
  await tab.getByRole("heading", { name: "Pick an account" }).waitFor();
  await tab.getByRole("button", { name }).click();
}

/** Where scripts are off, the identity provider's answer is a form that the person has to send. */
export async function continueWithoutScript(tab: Page): Promise<void> {
  await tab.getByRole("button", { name: "Continue" }).click();
}

/** Signs in at the other app of the same provider, where single sign-on makes the picker needless. */
export async function signInAtOtherApp(profile: Profile, world: World, name: string): Promise<Page> {
  const tab = await profile.newTab(world.secondApp.url);
  await tab.getByRole("link", { name: "Sign in" }).click();
  await tab.getByRole("heading", { name: `Hello, ${name}` }).waitFor();
  return tab;
}

/** Signs out at the provider's own account page. */
export async function signOutAtProvider(tab: Page, world: World): Promise<void> {
  await tab.goto(world.identityProvider.publicUrl);
  await tab.getByRole("button", { name: /^Sign out/ }).click();
  await tab.getByRole("heading", { name: "You signed out of your account" }).waitFor();
}

export async function seesSignedIn(tab: Page, name: string): Promise<void> {
  await tab.getByRole("heading", { name: "You are signed in" }).waitFor();
  await tab.getByText(name, { exact: true }).waitFor();
}

/** The page says that nobody is signed in, and shows nobody's name. */
export async function seesSignedOut(tab: Page, name: string): Promise<void> {
  await tab.getByRole("heading", { name: "You are signed out" }).waitFor();
  await tab.getByRole("link", { name: "Sign in" }).waitFor();
  assert.doesNotMatch(await tab.content(), new RegExp(name));
}

/** Value of the browser's session cookie. */
export async function sessionCookieOf(context: BrowserContext, world: World): Promise<string> {
  const cookies = await context.cookies(world.publicBaseUrl);
  const value = cookies.find(({ name }) => name === sessionCookie)?.value;
  assert.ok(value, "The browser has no session cookie");
  return value;
}

/** Status with which Cosmos DB answers a read of the account that a session cookie belongs to. */
export async function accountStatus(world: World, cookie: string): Promise<number> {
  const [accountKey = ""] = cookie.split(".");
  const { statusCode } = await world.accounts.item(accountKey, accountKey).read();
  return statusCode;
}

/** Status with which the app answers somebody who kept that cookie. */
export async function statusWith(world: World, cookie: string): Promise<number> {
  const { status } = await fetch(`${world.publicBaseUrl}/auth/me`, {
    headers: { cookie: `${sessionCookie}=${cookie}` },
  });
  return status;
}

/** The account is in no way usable any more. */
export async function assertGone(world: World, cookie: string): Promise<void> {
  assert.equal(await accountStatus(world, cookie), 404, "The account's document is still there");
  assert.equal(await statusWith(world, cookie), 401, "The old cookie still opens something");
}

/**
 * Has the page believe that its tab went to the background, or came back. Headless Chromium shows all tabs at once.
 */
export async function setTabVisible(tab: Page, visible: boolean): Promise<void> {
  const state = visible ? "visible" : "hidden";
  await tab.evaluate(`
    Object.defineProperty(document, "visibilityState", { configurable: true, value: "${state}" });
    dispatchEvent(new Event("${visible ? "focus" : "blur"}"));
    document.dispatchEvent(new Event("visibilitychange"));
  `);
}

/** Waits until the page says that the session ended elsewhere. It looks at once; the rest is what a busy machine takes. */
export async function noticesSignOut(tab: Page): Promise<void> {
  await tab.getByRole("heading", { name: "You have been signed out" }).waitFor();
}

import assert from "node:assert/strict";
import { sessionOf, signIn as signInByHttp, type World } from "../support/world.ts";
import type { OtherBrowser } from "./other-browser.ts";
import type { Tab } from "./tab.ts";

export const person = "Ada Lindqvist";
const userName = "ada@contoso.example";

/** Signs in by clicking, from the app's page through the account picker. Returns the value of the session cookie. */
export async function signIn(tab: Tab, world: World, browser: OtherBrowser): Promise<string> {
  await tab.goTo(world.publicBaseUrl);
  await tab.click("Sign in");
  await pickAccount(tab);
  await seesSignedIn(tab);
  return sessionCookieOf(tab, browser);
}

export async function pickAccount(tab: Tab): Promise<void> {
  await tab.seesHeading("Pick an account");
  await tab.click({ containing: person });
}

export async function seesSignedIn(tab: Tab): Promise<void> {
  await tab.seesHeading("You are signed in");
  await tab.sees(person);
}

/** The page says that nobody is signed in, and holds nobody's name. */
export async function seesSignedOut(tab: Tab): Promise<void> {
  await tab.seesHeading("You are signed out");
  assert.doesNotMatch(await tab.source(), new RegExp(person));
}

/** The value of the session cookie, under the name that fits the browser. */
export async function sessionCookieOf(tab: Tab, { cookiePrefix }: OtherBrowser): Promise<string> {
  const cookies = (await tab.cookies()).filter(({ name }) => name.endsWith("session"));
  assert.deepEqual(
    cookies.map(({ name }) => name),
    [`${cookiePrefix}session`],
  );
  return cookies[0]?.value ?? "";
}

/** The same person in another browser, one that only talks HTTP and has no name. Returns its session cookie's value. */
export async function signInElsewhere(world: World): Promise<string> {
  const client = world.client();
  await signInByHttp(client, userName);
  return sessionOf(client).value;
}

/** The account's document goes, whoever deletes it. */
export async function endElsewhere(world: World, cookie: string): Promise<void> {
  const [accountKey = ""] = cookie.split(".");
  await world.accounts.item(accountKey, accountKey).delete();
}

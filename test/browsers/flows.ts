import assert from "node:assert/strict";
import { accountStatus, assertGone, statusWith } from "../browser/steps.ts";
import type { World } from "../support/world.ts";
import type { OtherBrowser } from "./other-browser.ts";
import {
  endElsewhere,
  person,
  pickAccount,
  seesSignedIn,
  seesSignedOut,
  sessionCookieOf,
  signIn,
  signInElsewhere,
} from "./person.ts";
import type { Tab } from "./tab.ts";

type Play = (world: World, browser: OtherBrowser) => Promise<void>;
/** What the person sees who looks for the outcome. */
export type Flow = readonly [title: string, play: Play];

const cookiesBlocked = "Your browser does not keep this app’s cookies";
/** What the person does who wants to know: come back to the page. */
const look = async (tab: Tab): Promise<unknown> => tab.evaluate('dispatchEvent(new Event("focus"))');

/** What people do with the app, from end to end, in any browser. */
export const flows: readonly Flow[] = [
  ["signing in shows who it is, the API's answer and this browser's session, over a reload too", signInAndUse],
  ["signing out here deletes the account before the browser reaches the provider, and ends there too", signOutHere],
  ["signing out everywhere ends the account's other browsers too", signOutEverywhere],
  ["signing out in another app of the provider reaches this app by its frame", signOutInOtherApp],
  ["signing out at the provider's own page reaches this app", signOutAtProvider],
  ["of two sessions in the list, each can end the other", endSessions],
  ["the Back button shows nobody who has been signed out since", goBack],
  ["without scripts people sign in, and sign out on a page of its own", withoutScripts],
  ["with all cookies and storage blocked the page says so", withEverythingBlocked],
];

/** Those that need what only some browsers' drivers can do. */
export const flowsOfFirefox: readonly Flow[] = [
  ["a sign-out is told to the other tab at once", tellOtherTab],
  [
    "with cookies and storage blocked for the app alone, the page says so, and so does the end of a sign-in",
    withAppBlocked,
  ],
];

async function signInAndUse(world: World, browser: OtherBrowser): Promise<void> {
  const tab = await browser.fresh();
  await signIn(tab, world, browser);
  await tab.click("Call Microsoft Graph: /me");
  await tab.sees(`"displayName": "${person}"`);
  await tab.sees(browser.device);
  await tab.sees("This browser");
  await tab.reload();
  await seesSignedIn(tab);
}

async function signOutHere(world: World, browser: OtherBrowser): Promise<void> {
  const tab = await browser.fresh();
  const cookie = await signIn(tab, world, browser);
  const gate = world.identityProvider.controls.gate("end-session");
  const leaving = tab.click("Sign out");
  try {
    await gate.reached();
    assert.equal(await accountStatus(world, cookie), 404, "The account is still there");
  } finally {
    gate.release();
    await leaving;
  }
  await tab.seesHeading("You signed out");
  await seesSignedOut(tab);
  await assertGone(world, cookie);
  const left = (await tab.cookies()).filter(({ value }) => value === cookie);
  assert.deepEqual(left, [], "The browser has kept the session's cookie");
  await tab.goTo(world.identityProvider.publicUrl);
  await tab.sees("Nobody is signed in with this browser.");
}

async function signOutEverywhere(world: World, browser: OtherBrowser): Promise<void> {
  const tab = await browser.fresh();
  const cookie = await signIn(tab, world, browser);
  const other = await signInElsewhere(world);
  await tab.click("Sign out everywhere");
  await seesSignedOut(tab);
  await assertGone(world, cookie);
  assert.equal(await statusWith(world, other), 401, "The other browser is still signed in");
}

async function signOutInOtherApp(world: World, browser: OtherBrowser): Promise<void> {
  const tab = await browser.fresh();
  const cookie = await signIn(tab, world, browser);
  await tab.goTo(world.secondApp.url);
  await tab.click("Sign in");
  await tab.seesHeading(`Hello, ${person}`);
  await tab.click("Sign out");
  await tab.seesHeading("You are signed out");
  await assertGone(world, cookie);
  await seesThatItEnded(tab, world);
}

async function signOutAtProvider(world: World, browser: OtherBrowser): Promise<void> {
  const tab = await browser.fresh();
  const cookie = await signIn(tab, world, browser);
  await tab.goTo(world.identityProvider.publicUrl);
  await tab.click({ containing: "Sign out" });
  await tab.seesHeading("You signed out of your account");
  await assertGone(world, cookie);
  await seesThatItEnded(tab, world);
}

async function endSessions(world: World, browser: OtherBrowser): Promise<void> {
  const tab = await browser.fresh();
  const cookie = await signIn(tab, world, browser);
  const other = await signInElsewhere(world);
  await look(tab);
  await tab.click({ containing: "Sign out Unknown browser" });
  await tab.sees("You signed out Unknown browser");
  assert.equal(await statusWith(world, other), 401, "The other browser is still signed in");
  assert.equal(await statusWith(world, cookie), 200, "This browser is not signed in any more");
  await endElsewhere(world, cookie);
  await look(tab);
  await tab.seesHeading("You have been signed out");
  await seesSignedOut(tab);
}

/** The page itself takes down what it leaves to the browser, which may show it before the server can say anything. */
async function goBack(world: World, browser: OtherBrowser): Promise<void> {
  const tab = await browser.fresh();
  const cookie = await signIn(tab, world, browser);
  await tab.click("Call Microsoft Graph: /me");
  await tab.sees(`"displayName": "${person}"`);
  await tab.evaluate(`["pagehide", "pageshow"].map((type) => addEventListener(type, () => {
    sessionStorage.kept = (sessionStorage.kept ?? "") + document.documentElement.dataset.state + document.body.innerHTML;
  }))`);
  await tab.goTo(`${world.publicBaseUrl}/auth/logout`);
  await tab.seesHeading("Sign out?");
  await endElsewhere(world, cookie);
  await tab.back();
  await tab.seesHeading("You have been signed out");
  await seesSignedOut(tab);
  const kept = String(await tab.evaluate("sessionStorage.kept"));
  assert.match(kept, /^loading/, "The page that is left is not waiting to hear who is signed in");
  assert.doesNotMatch(kept, new RegExp(person), "The page that is left holds the account");
}

async function withoutScripts(world: World, browser: OtherBrowser): Promise<void> {
  const tab = await browser.fresh({ scripts: false });
  await tab.goTo(world.publicBaseUrl);
  await tab.click("Sign in");
  await pickAccount(tab);
  // The answer to the sign-in is a form, which goes by itself only with scripts.
  await tab.click("Continue");
  await tab.seesHeading("JavaScript is off");
  const cookie = await sessionCookieOf(tab, browser);
  assert.equal(await accountStatus(world, cookie), 200);
  await tab.click("Sign out");
  await tab.seesHeading("Sign out?");
  await tab.click("Sign out");
  await tab.seesHeading("JavaScript is off");
  await assertGone(world, cookie);
}

async function withEverythingBlocked(world: World, browser: OtherBrowser): Promise<void> {
  const tab = await browser.fresh({ cookies: "blocked" });
  await tab.goTo(world.publicBaseUrl);
  await tab.seesHeading(cookiesBlocked);
  await tab.seesHeading("You are signed out");
  await tab.click("Sign in");
  await tab.sees("keeps no cookies");
}

async function withAppBlocked(world: World, browser: OtherBrowser): Promise<void> {
  const tab = await browser.fresh({ cookies: "blocked for the app", origin: world.publicBaseUrl });
  await tab.goTo(world.publicBaseUrl);
  await tab.seesHeading(cookiesBlocked);
  await tab.click("Sign in");
  await pickAccount(tab);
  await tab.seesHeading(cookiesBlocked);
  assert.match(await tab.url(), /\/auth\/cookie-check$/);
}

async function tellOtherTab(world: World, browser: OtherBrowser): Promise<void> {
  const tab = await browser.fresh();
  await signIn(tab, world, browser);
  const other = await browser.newTab?.();
  assert.ok(other, `${browser.name} has one tab only`);
  await other.goTo(world.publicBaseUrl);
  await seesSignedIn(other);
  await tab.click("Sign out");
  await other.sees("You signed out in another tab of this browser.");
  await seesSignedOut(other);
}

async function seesThatItEnded(tab: Tab, world: World): Promise<void> {
  await tab.goTo(world.publicBaseUrl);
  await tab.seesHeading("You have been signed out");
  await seesSignedOut(tab);
}

/** The steps at the page that this project shows at `/`; the others are those of every page. */
import type { Page } from "playwright-core";
import type { World } from "../support/world.ts";
import * as anyPage from "../browser/steps.ts";

export {
  accountStatus,
  assertGone,
  noticesSignOut,
  pickAccount,
  seesSignedOut,
  setTabVisible,
  signInAtOtherApp,
  signOutAtProvider,
  statusWith,
} from "../browser/steps.ts";

export async function signIn(tab: Page, world: World, name: string): Promise<string> {
  const cookie = await anyPage.signIn(tab, world, name);
  await pictureSettles(tab);
  return cookie;
}

export async function seesSignedIn(tab: Page, name: string): Promise<void> {
  await anyPage.seesSignedIn(tab, name);
  await pictureSettles(tab);
}

/** The page asks for the picture by itself: what a test asks for or breaks comes after that. */
async function pictureSettles(tab: Page): Promise<void> {
  await tab.locator("#portrait[data-picture]").waitFor();
}

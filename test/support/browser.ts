import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type ConsoleMessage,
  type Page,
} from "playwright-core";
import { findChromium } from "./chromium.ts";

/** A real Chromium. Start one for each test file, and a profile for each person in each test. */
export interface TestBrowser {
  /** Whether it is the npm package's, rather than an installed one with cookie settings of its own. */
  readonly isBundled: boolean;
  /**
   * A browser without a past, closed when the test ends. The test fails if a page of it threw, broke its content
   * security policy or logged an error that the test did not expect.
   */
  newProfile(test: TestContext, options?: ProfileOptions): Promise<Profile>;
  stop(): Promise<void>;
}

export interface ProfileOptions extends BrowserContextOptions {
  /** Errors in the console that have to occur. `Failed to load resource` with status 401 may occur in any test. */
  readonly expectedErrors?: readonly RegExp[];
  /** Default: true. */
  readonly blockThirdPartyCookies?: boolean;
}

export interface Profile {
  readonly context: BrowserContext;
  /** Opens a tab, and the address in it. */
  newTab(url?: string): Promise<Page>;
}

/** Enough for everything here on a machine with two cores that is busy with something else. */
const timeoutMs = 30_000;

export async function launchBrowser(): Promise<TestBrowser> {
  const { executablePath, environment, isBundled } = await findChromium();
  const browser = await chromium.launch({
    executablePath,
    env: { ...process.env, ...environment },
    // As root, and in most containers, Chromium has no sandbox; the pages are our own.
    args: ["--no-sandbox", "--disable-background-networking"],
  });
  return {
    isBundled,
    newProfile: async (test, options = {}) => newProfile(browser, test, options),
    stop: async () => browser.close(),
  };
}

async function newProfile(browser: Browser, test: TestContext, options: ProfileOptions): Promise<Profile> {
  const { expectedErrors = [], blockThirdPartyCookies = true, ...contextOptions } = options;
  const context = await browser.newContext(contextOptions);
  context.setDefaultTimeout(timeoutMs);
  const watched = watchErrors(context);
  const openedByTest = new Set<Page>();
  const opened = new Set<Page>();
  context.on("page", (page) => opened.add(page));
  test.after(async () => {
    await context.close();
    // A window that a page opens loads before its cookies can be withheld.
    assert.deepEqual(opened, openedByTest, "A page opened a window");
    assertExpected(watched, expectedErrors);
  });
  return {
    context,
    async newTab(url) {
      const page = await context.newPage();
      openedByTest.add(page);
      if (blockThirdPartyCookies) await withholdThirdPartyCookies(page);
      if (url !== undefined) await page.goto(url);
      return page;
    },
  };
}

/** As browsers do by default or on request: a frame of another site gets no cookie, whatever its attributes. */
async function withholdThirdPartyCookies(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const controls = {
    enableThirdPartyCookieRestriction: true,
    disableThirdPartyCookieMetadata: true,
    disableThirdPartyCookieHeuristics: true,
  };
  await session.send("Network.setCookieControls", controls);
}

/** Violations of a content security policy are among the errors in the console. */
function watchErrors(context: BrowserContext): string[] {
  const errors: string[] = [];
  context.on("weberror", (error) => errors.push(`A page threw: ${String(error.error())}`));
  context.on("console", (message) => {
    if (message.type() === "error" && !isSignedOutAnswer(message)) {
      errors.push(`${message.text()} (${message.location().url})`);
    }
  });
  return errors;
}

/**
 * A request of a page whose session ends meanwhile answers 401, and Chromium logs that as an error. Asking who is signed
 * in is no such request: a signed-out page would log errors for as long as it is open.
 */
function isSignedOutAnswer(message: ConsoleMessage): boolean {
  // Some messages have no place.
  const pathname = URL.parse(message.location().url)?.pathname;
  const isUnauthorized =
    message.text() === "Failed to load resource: the server responded with a status of 401 (Unauthorized)";
  return isUnauthorized && pathname !== "/auth/me";
}

function assertExpected(errors: readonly string[], expected: readonly RegExp[]): void {
  const unexpected = errors.filter((error) => !expected.some((pattern) => pattern.test(error)));
  assert.deepEqual(unexpected, [], "Errors in the browser that the test does not expect");
  const missing = expected.filter((pattern) => !errors.some((error) => pattern.test(error)));
  assert.deepEqual(missing, [], "Errors in the browser that the test expects and that did not occur");
}

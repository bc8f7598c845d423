import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { launchBrowser, type ProfileOptions, type TestBrowser } from "../support/browser.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { startTogether } from "../support/start-together.ts";
import { startWorld, type World } from "../support/world.ts";
import { assertGone, pickAccount, sessionCookieOf, signOutAtProvider } from "./steps.ts";

/** A page of somebody's own, of the app's origin, that knows the app by the published module alone. */
const ownPage = `<!doctype html><html lang="en"><title>Own page</title><link rel="icon" href="data:,">
  <h1>Own page</h1><p id="signed-out"></p>
  <script type="module">
    import * as auth from "/assets/auth.js";
    window.auth = auth;
    auth.onSignedOut(({ reason }) => { document.getElementById("signed-out").textContent = "Signed out: " + reason; });
  </script>`;

/** What an expression about the module comes to; what it throws by name and, if the server said so, code. */
const evaluate = (tab: Page, expression: string) =>
  tab.evaluate<unknown>(
    `Promise.resolve().then(() => ${expression}).catch(({ name, problem }) => [name, problem?.code])`,
  );

describe("the published module, in a page of one's own", () => {
  let world: World;
  let browser: TestBrowser;
  before(async () => {
    [world, browser] = await startTogether(startWorld(), launchBrowser());
  });
  after(() => Promise.all([browser.stop(), world.stop()]));

  async function open(test: TestContext, options?: ProfileOptions) {
    const profile = await browser.newProfile(test, options);
    await profile.context.route("**/own-page*", (route) => route.fulfill({ contentType: "text/html", body: ownPage }));
    const tab = await profile.newTab(`${world.publicBaseUrl}/own-page?tab=1`);
    return { profile, tab };
  }

  /** Comes back to the page that asked: the server knows of no such page, the browser is given it again. */
  async function signedIn(test: TestContext) {
    const opened = await open(test, { expectedErrors: [/status of 404/] });
    const { tab, profile } = opened;
    await tab.evaluate("auth.login()");
    await pickAccount(tab, "Ada Lindqvist");
    await tab.waitForURL(`${world.publicBaseUrl}/own-page?tab=1`);
    await tab.goto(tab.url());
    return { ...opened, cookie: await sessionCookieOf(profile.context, world) };
  }

  it("says that nobody is signed in, and an API call that somebody has to be", async (test) => {
    const { tab } = await open(test);
    assert.equal(await evaluate(tab, "auth.me()"), undefined);
    assert.deepEqual(await evaluate(tab, "auth.call('graph', 'me')"), ["ProblemError", "signin_required"]);
    assert.deepEqual(await evaluate(tab, "auth.sessions()"), ["ProblemError", "signin_required"]);
    assert.equal(await evaluate(tab, "auth.logout()"), false);
  });

  it("signs in and comes back to the very page, says who it is, and calls APIs and functions", async (test) => {
    const { tab } = await signedIn(test);
    assert.equal(await evaluate(tab, "auth.me().then(({ account }) => account.name)"), "Ada Lindqvist");
    const name = "then((answer) => answer.json()).then(({ displayName, name }) => displayName ?? name)";
    assert.equal(await evaluate(tab, `auth.call("graph", "me").${name}`), "Ada Lindqvist");
    assert.equal(await evaluate(tab, `auth.request("/me/profile").${name}`), "Ada Lindqvist");
    const body = '{ method: "POST", body: "hello" }';
    assert.equal(
      await evaluate(
        tab,
        `auth.call("graph", "echo", ${body}).then((answer) => answer.json()).then(({ body }) => body)`,
      ),
      "hello",
    );
    // The API's own errors are answers; the app's own are thrown.
    assert.equal(await evaluate(tab, "auth.call('graph', 'nothing').then(({ status }) => status)"), 404);
    assert.deepEqual(await evaluate(tab, "auth.call('none', 'me')"), ["ProblemError", "api_unknown"]);
    assert.deepEqual(await evaluate(tab, "auth.call('graph', '../../auth/me')"), ["TypeError", undefined]);
    const [session] = (await evaluate(tab, "auth.sessions()")) as { current: boolean; userAgent: string }[];
    assert.deepEqual([session?.current, session?.userAgent], [true, "Chrome on Linux"]);
  });

  it("signs out, here and at the provider, ends at the page that was named, and tells the other tab", async (test) => {
    const { profile, tab, cookie } = await signedIn(test);
    const other = await profile.newTab(`${world.publicBaseUrl}/own-page?tab=2`);
    await other.waitForFunction("'auth' in window && sessionStorage.length > 0");
    await tab.evaluate("void auth.logout({ returnUrl: '/own-page?bye=1' })");
    await other.getByText("Signed out: other-tab").waitFor();
    await tab.waitForURL(`${world.publicBaseUrl}/own-page?bye=1`);
    await assertGone(world, cookie);
  });

  it("tells of a sign-out that began elsewhere, once", async (test) => {
    const { profile, tab, cookie } = await signedIn(test);
    await tab.waitForFunction("sessionStorage.length > 0");
    await signOutAtProvider(await profile.newTab(), world);
    await tab.evaluate("dispatchEvent(new Event('focus'))");
    await tab.getByText("Signed out: elsewhere").waitFor();
    await assertGone(world, cookie);
  });

  it("does what docs/extending.md shows", async (test) => {
    const text = await readFile("docs/extending.md", "utf8");
    const [, script] = /<!-- file: page\.js -->\n\n```js\n([^]*?)```/.exec(text) ?? assert.fail("The example is gone");
    const { profile, tab } = await signedIn(test);
    await profile.context.route("**/documented", (route) =>
      route.fulfill({
        contentType: "text/html",
        body: `<!doctype html><link rel="icon" href="data:,"><button id="sign-out"></button><script type="module">${script}</script>`,
      }),
    );
    const written: string[] = [];
    tab.on("console", (message) => written.push(message.text()));
    await tab.goto(`${world.publicBaseUrl}/documented`);
    await eventually("the page has written both answers", () => written.length === 2);
    assert.match(written[0] ?? "", /^Ada Lindqvist \{/);
    const leaving = tab.waitForRequest(/\/oauth2\/v2\.0\/logout/);
    await tab.evaluate("document.querySelector('#sign-out').click()");
    await leaving;
  });

  it("is found by everybody, with types that a strict compiler takes", async () => {
    const fetched = await world.client().fetch("/assets/auth.js");
    assert.match(fetched.headers["content-type"] ?? "", /^text\/javascript/);
    assert.ok(fetched.bytes.length < 8_192, `${fetched.bytes.length} bytes`);
    const { body } = await world.client().fetch("/assets/auth.d.ts");
    const folder = await mkdtemp(join(tmpdir(), "bff-types-"));
    try {
      await symlink(resolve("node_modules"), join(folder, "node_modules"));
      await writeFile(join(folder, "auth.d.ts"), body);
      await writeFile(join(folder, "use.ts"), strictUse);
      const compilerOptions = {
        strict: true,
        noEmit: true,
        module: "esnext",
        moduleResolution: "bundler",
        types: [],
        exactOptionalPropertyTypes: true,
        paths: { "/assets/auth.js": ["./auth.d.ts"] },
      };
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["."] }));
      await promisify(execFile)(process.execPath, ["node_modules/typescript/bin/tsc", "-p", folder]).catch(
        ({ stdout }: { stdout: string }) => assert.fail(stdout),
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

const strictUse = `
import { call, login, logout, me, onSignedOut, ProblemError, request, sessions, type Me } from "/assets/auth.js";
const stop: () => void = onSignedOut(({ reason, noticedAt }) => {
  const why: "here" | "other-tab" | "elsewhere" | "expired" | "deferred" | "unconfirmed" = reason;
  noticedAt.toISOString();
  // @ts-expect-error: there is no such reason
  if (reason === "boredom") stop();
});
export async function show(): Promise<string> {
  const who: Me | undefined = await me();
  if (who === undefined) { login({ prompt: "select_account" }); return ""; }
  // @ts-expect-error: may be undefined
  (await me()).account;
  const [first] = await sessions();
  if (first?.current) await logout({ everywhere: true });
  try { await request("/me/profile"); return await (await call("graph", "me", { method: "GET" })).text(); }
  catch (error) {
    if (error instanceof ProblemError && error.problem.claims !== undefined) login({ claims: error.problem.claims });
    throw error;
  }
}
// @ts-expect-error: internal
export { askMe } from "/assets/auth.js";
`;

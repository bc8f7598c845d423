import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import type { Page } from "playwright-core";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { untilCallback } from "../support/sign-in-steps.ts";
import { dumpStore } from "../support/store.ts";
import { startTogether } from "../support/start-together.ts";
import { startPageWorld } from "../support/page-world.ts";
import { sessionCookie, type World } from "../support/world.ts";
import { startSite, type Site } from "./site.ts";
import { seesSignedIn, sessionCookieOf, signIn, statusWith } from "./steps.ts";

let world: World;
let browser: TestBrowser;
before(async () => {
  [world, browser] = await startTogether(startPageWorld(), launchBrowser());
});
after(() => Promise.all([browser.stop(), world.stop()]));

/** Everything that a request could change something at. `/auth/login` changes nothing but a cookie of its own. */
async function targets(cookie: string): Promise<readonly { method: string; path: string }[]> {
  const [accountKey = ""] = cookie.split(".");
  const { resource } = await world.accounts.item(accountKey, accountKey).read<{ sessions: object }>();
  const [session = ""] = Object.keys(resource?.sessions ?? {});
  const [ada] = world.identityProvider.people;
  // A sign-in of the attacker's own, with a code that is good: to sign this browser in as him (login CSRF).
  const { pathname, search } = await untilCallback(world.client(), "bruno@contoso.example");
  return [
    { method: "POST", path: "/auth/logout" },
    { method: "POST", path: "/auth/logout?returnUrl=/" },
    { method: "DELETE", path: "/auth/sessions" },
    { method: "DELETE", path: `/auth/sessions/${session}` },
    { method: "DELETE", path: `/auth/accounts/${ada?.uid}.${ada?.utid}` },
    { method: "POST", path: "/auth/backchannel-logout" },
    { method: "GET", path: "/auth/frontchannel-logout?sid=unknown" },
    { method: "GET", path: "/auth/signed-out?state=unknown" },
    { method: "GET", path: pathname + search },
    ...["GET", "POST", "PUT", "PATCH", "DELETE"].map((method) => ({ method, path: "/api/graph/echo" })),
  ];
}

/** The addresses alone, for what does not choose a method. */
async function addresses(cookie: string): Promise<readonly string[]> {
  return [...new Set((await targets(cookie)).map(({ path }) => path))].map((path) => world.publicBaseUrl + path);
}

/** Ada, signed in, and the question whether anything has become of what another site did. */
async function signedIn(test: TestContext) {
  // Chromium reports each refusal in its own words. That there are any is expected, too.
  const profile = await browser.newProfile(test, { expectedErrors: [/./] });
  const home = await profile.newTab();
  const cookie = await signIn(home, world, "Ada Lindqvist");
  const stored = await dumpStore(world);
  world.downstreamApi.controls.clearRequests();
  const unchanged = async () => {
    const now = await dumpStore(world);
    assert.deepEqual(now.accounts, stored.accounts);
    // A made-up `sid` leaves its own mark, and touches no other.
    const ofAccounts = Object.entries(stored.sids).filter(([, entry]) => !entry.includes('"accountKey":null'));
    for (const [id, entry] of ofAccounts) assert.equal(now.sids[id], entry);
    assert.deepEqual(world.downstreamApi.requests, [], "The API was called for another site");
    assert.equal(await sessionCookieOf(profile.context, world), cookie, `${sessionCookie} was replaced`);
    assert.equal(await statusWith(world, cookie), 200);
    await home.reload();
    await seesSignedIn(home, "Ada Lindqvist");
  };
  return { profile, cookie, unchanged };
}

/** Opens a page that leads on to the app by itself. @returns the status of the app's answer */
async function follow(tab: Page, page: string, address: string): Promise<number> {
  const answered = tab.waitForResponse((response) => response.url() === address);
  // It may go on before it has loaded.
  await tab.goto(page, { waitUntil: "commit" }).catch(() => undefined);
  return (await answered).status();
}

for (const host of ["127.0.0.1", "localhost"] as const) {
  const whose = host === "localhost" ? "another port, which gets the cookie sent" : "another site";

  describe(`a page of ${whose} changes nothing for a signed-in person`, () => {
    let site: Site;
    before(async () => {
      site = await startSite(host);
    });
    after(() => site.stop());

    it("with a form to any route, of any encoding, in its own tab", async (test) => {
      const { profile, cookie, unchanged } = await signedIn(test);
      const tab = await profile.newTab();
      for (const action of await addresses(cookie)) {
        for (const encoding of ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]) {
          const form = `<form method="post" enctype="${encoding}" action="${action.replaceAll("&", "&amp;")}"><input name="logout_token" value="x"></form><script>document.forms[0].submit()</script>`;
          const status = await follow(tab, site.page("/form", form), action);
          assert.ok(status >= 400 && status < 500, `${action} ${status}`);
        }
      }
      await unchanged();
    });

    it("by sending it to any address, in its own tab", async (test) => {
      const { profile, cookie, unchanged } = await signedIn(test);
      const tab = await profile.newTab();
      for (const address of await addresses(cookie)) {
        const script = `<script>location = ${JSON.stringify(address)}</script>`;
        const status = await follow(tab, site.page("/navigate", script), address);
        assert.ok(status < 500, `${address} ${status}`);
      }
      await unchanged();
    });

    it("with frames, images, scripts and styles of any address", async (test) => {
      const { profile, cookie, unchanged } = await signedIn(test);
      const tab = await profile.newTab();
      const elements = (await addresses(cookie)).map((each) => {
        const address = each.replaceAll("&", "&amp;");
        return `<iframe src="${address}"></iframe><img src="${address}" alt=""><script src="${address}"></script><link rel="stylesheet" href="${address}">`;
      });
      await tab.goto(site.page("/elements", elements.join("")), { waitUntil: "load" });
      await unchanged();
    });

    it("with fetch to any route, with credentials and without, in any mode", async (test) => {
      const { profile, cookie, unchanged } = await signedIn(test);
      const tab = await profile.newTab(site.page("/fetch", ""));
      const requests = (await targets(cookie)).map(({ method, path }) => [method, `${world.publicBaseUrl}${path}`]);
      const readable = await tab.evaluate<string[]>(`(async () => {
        const readable = [];
        for (const [method, address] of ${JSON.stringify(requests)}) {
          for (const credentials of ["include", "omit", "same-origin"]) {
            for (const mode of ["cors", "no-cors"]) {
              const body = method === "GET" ? undefined : "logout_token=x";
              const answer = await fetch(address, { method, credentials, mode, body }).catch(() => undefined);
              if (answer && answer.type !== "opaque") readable.push(method + " " + address);
            }
          }
        }
        return readable;
      })()`);
      assert.deepEqual(readable, [], "The page could read an answer");
      await unchanged();
    });
  });
}

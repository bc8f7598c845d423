import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { launchBrowser, type Profile, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { startSite, type Site } from "./site.ts";

// Without these, no test of a sign-out in a frame would prove anything.
describe("a cookie with SameSite=None and Secure, in a frame", () => {
  let browser: TestBrowser;
  let otherSite: Site;
  let sameSite: Site;
  let server: Server;
  let received: string | undefined;
  let origin: string;
  before(async () => {
    [browser, otherSite, sameSite] = await startTogether(
      launchBrowser(),
      startSite("127.0.0.1"),
      startSite("localhost"),
    );
    server = createServer((request, response) => {
      if (request.url === "/frame") received = request.headers.cookie ?? "";
      response.setHeader("content-type", "text/html");
      if (request.url === "/cookie") response.setHeader("set-cookie", "third=party; SameSite=None; Secure");
      response.end('<link rel="icon" href="data:,">');
    }).listen(0, "localhost");
    await once(server, "listening");
    origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    await Promise.all([browser.stop(), otherSite.stop(), sameSite.stop()]);
    server.closeAllConnections();
    server.close();
  });

  const cookieSentInFrameOn = async (site: Site, profile: Profile): Promise<string | undefined> => {
    received = undefined;
    const tab = await profile.newTab(`${origin}/cookie`);
    await tab.goto(site.page("/", `<iframe src="${origin}/frame"></iframe>`), { waitUntil: "load" });
    return received;
  };

  it("is withheld on a page of another site in these tests", async (test) => {
    assert.equal(await cookieSentInFrameOn(otherSite, await browser.newProfile(test)), "");
  });

  it("is sent on a page of the same site", async (test) => {
    assert.equal(await cookieSentInFrameOn(sameSite, await browser.newProfile(test)), "third=party");
  });

  it("is sent on a page of another site by a browser that does not block, so that the first test means something", async (test) => {
    const profile = await browser.newProfile(test, { blockThirdPartyCookies: false });
    // An installed Chrome blocks in such a profile by itself.
    assert.equal(await cookieSentInFrameOn(otherSite, profile), browser.isBundled ? "third=party" : "");
  });
});

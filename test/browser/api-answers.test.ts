import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { startRecordingApi, type RecordingApi } from "../support/recording-api.ts";
import { startTogether } from "../support/start-together.ts";
import { startPageWorld } from "../support/page-world.ts";
import { apiSettings, type World } from "../support/world.ts";
import { signIn } from "./steps.ts";

/** As ASP.NET Core answers a request whose model is not valid. */
const invalidModel = {
  type: "https://tools.ietf.org/html/rfc9110#section-15.5.1",
  title: "One or more validation errors occurred.",
  status: 400,
  errors: { Quantity: ["The field Quantity must be between 1 and 100."] },
  traceId: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
};

describe("an API's answer in a page of the app", () => {
  let world: World;
  let browser: TestBrowser;
  let orders: RecordingApi;
  before(async () => {
    orders = await startRecordingApi();
    const environment = apiSettings("orders", { BaseUrl: orders.url, Scopes: "User.Read", Caching: "private" });
    [world, browser] = await startTogether(startPageWorld({ environment }), launchBrowser());
  });
  after(() => Promise.all([browser.stop(), world.stop(), orders.stop()]));

  async function signedIn(test: TestContext, expectedErrors: RegExp[] = []) {
    const profile = await browser.newProfile(test, { expectedErrors });
    const tab = await profile.newTab(world.publicBaseUrl);
    await signIn(tab, world, "Ada Lindqvist");
    await tab.evaluate("import('/assets/auth.js').then((auth) => void (window.auth = auth))");
    return tab;
  }

  it("is the API's, also where it describes a problem as the app does", async (test) => {
    const tab = await signedIn(test, [/status of 40[03]/]);
    for (const [status, problem] of [
      [400, invalidModel],
      [403, { title: "Theirs", status: 403, code: "signin_required" }],
    ] as const) {
      orders.answer((response) => {
        response.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify(problem));
      });
      const seen = "auth.call('orders', 'orders').then(async (r) => [r.status, await r.json()], ({ name }) => name)";
      assert.deepEqual(await tab.evaluate(seen), [status, problem]);
    }
  });

  it("is the app's own problem where the app says so", async (test) => {
    const tab = await signedIn(test, [/status of 404/]);
    assert.equal(await tab.evaluate("auth.call('nowhere', 'x').catch(({ problem }) => problem.code)"), "api_unknown");
  });

  it("runs neither as a script nor as a style, and is shown as a document without power", async (test) => {
    const tab = await signedIn(test, [/status of 403/, /Refused to execute script/, /Blocked script execution/]);
    const asked = orders.requests.length;
    const outcome = `new Promise((resolve) => {
      const script = Object.assign(document.createElement("script"), { src: "/api/orders/run.js" });
      script.onload = () => resolve("ran");
      script.onerror = () => resolve("refused");
      document.head.append(script);
    })`;
    assert.equal(await tab.evaluate(outcome), "refused");
    assert.equal(orders.requests.length, asked);
    orders.answer((response) => {
      response
        .writeHead(200, { "content-type": "text/html" })
        .end("<title>Theirs</title><script>document.title = 'ran'</script>");
    });
    await tab.goto(`${world.publicBaseUrl}/`);
    await tab.evaluate("location.assign('/api/orders/page')");
    await tab.waitForURL(/page$/);
    assert.equal(await tab.title(), "Theirs");
  });

  it("is kept by the browser where the settings allow it, and checked before each use", async (test) => {
    const tab = await signedIn(test);
    orders.answer((response, { headers }) => {
      if (headers["if-none-match"] === '"v1"') response.writeHead(304, { etag: '"v1"' }).end();
      else response.writeHead(200, { etag: '"v1"', "content-type": "text/plain" }).end("kept");
    });
    const seen = "fetch('/api/orders/kept').then(async (r) => [r.status, await r.text()])";
    const asked = orders.requests.length;
    assert.deepEqual(await tab.evaluate(seen), [200, "kept"]);
    assert.deepEqual(await tab.evaluate(seen), [200, "kept"]);
    const tags = orders.requests.slice(asked).map(({ headers }) => headers["if-none-match"]);
    assert.deepEqual(tags, [undefined, '"v1"']);
    // The next session may be another person's.
    await tab.context().clearCookies();
    await signIn(tab, world, "Ada Lindqvist");
    assert.deepEqual(await tab.evaluate(seen), [200, "kept"]);
    assert.equal(orders.requests.at(-1)?.headers["if-none-match"], undefined);
  });
});

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, before, describe, it, type TestContext } from "node:test";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { startRecordingApi, type RecordingApi } from "../support/recording-api.ts";
import { startPageWorld } from "../support/page-world.ts";
import { apiSettings, type World } from "../support/world.ts";
import { signIn } from "./steps.ts";

describe("with HTTP streams, a page of the app", () => {
  let world: World;
  let browser: TestBrowser;
  let files: RecordingApi;
  before(async () => {
    files = await startRecordingApi();
    const api = apiSettings("files", { BaseUrl: files.url, Scopes: "User.Read" });
    [world, browser] = await Promise.all([
      startPageWorld({ environment: { ...api, Http__Streaming: "true" } }),
      launchBrowser(),
    ]);
  });
  after(() => Promise.all([browser.stop(), world.stop(), files.stop()]));

  async function signedIn(test: TestContext, expectedErrors: readonly RegExp[] = []) {
    const profile = await browser.newProfile(test, { expectedErrors });
    const tab = await profile.newTab(world.publicBaseUrl);
    await signIn(tab, world, "Ada Lindqvist");
    return tab;
  }

  it("reads an answer while the API still writes it", async (test) => {
    const tab = await signedIn(test);
    const called = Promise.withResolvers<ServerResponse>();
    files.answer((response) => {
      response.writeHead(200, { "content-type": "text/plain" }).write("first");
      called.resolve(response);
    });
    const read = "reader.read().then(({ value, done }) => done ? null : new TextDecoder().decode(value))";
    const first = `fetch('/api/files/x').then((r) => { window.reader = r.body.getReader(); const { reader } = window; return ${read}; })`;
    assert.equal(await tab.evaluate(first), "first");
    (await called.promise).end("second");
    assert.equal(await tab.evaluate(`(({ reader }) => ${read})(window)`), "second");
    assert.equal(await tab.evaluate(`(({ reader }) => ${read})(window)`), null);
  });

  it("gets events as they come, and asks on from the last one when the API breaks off", async (test) => {
    const tab = await signedIn(test, [/ERR_CONNECTION_RESET/]);
    const asked = files.requests.length;
    files.answer((response, { headers }) => {
      const next = Number(headers["last-event-id"] ?? 0) + 1;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`retry: 50\nid: ${next}\ndata: event ${next}\n\n`);
      if (next < 3) setTimeout(() => response.destroy(), 20);
    });
    const events = `new Promise((resolve) => {
      const seen = [];
      const source = new EventSource("/api/files/events");
      source.onmessage = ({ data }) => { if (seen.push(data) === 3) { source.close(); resolve(seen); } };
    })`;
    assert.deepEqual(await tab.evaluate(events), ["event 1", "event 2", "event 3"]);
    const last = files.requests.slice(asked).map(({ headers }) => headers["last-event-id"]);
    assert.deepEqual(last, [undefined, "1", "2"]);
  });

  it("downloads a file under its name, and uploads it again", async (test) => {
    const tab = await signedIn(test);
    const content = Buffer.alloc(5 * 1_048_576, "0123456789");
    files.answer((response) => {
      response.setHeader(
        "content-disposition",
        `attachment; filename="${Buffer.from("Übersicht.bin").toString("latin1")}"`,
      );
      response.writeHead(200, { "content-type": "application/octet-stream", "content-length": content.length });
      response.end(content);
    });
    const [download] = await Promise.all([
      tab.waitForEvent("download"),
      tab.evaluate("Object.assign(document.createElement('a'), { href: '/api/files/x', download: '' }).click()"),
    ]);
    assert.equal(download.suggestedFilename(), "Übersicht.bin");
    files.answer((response, { body }) => response.end(String(body.length)));
    const upload = `fetch('/api/files/x', { method: 'PUT', body: new Blob([new Uint8Array(${content.length})]) }).then((r) => r.text())`;
    assert.equal(await tab.evaluate(upload), String(content.length));
  });
});

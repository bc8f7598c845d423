import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { createFaultQueue, strike } from "../src/faults.ts";
import { createGates } from "../src/gates.ts";
import { html } from "../src/html.ts";
import { renderPage } from "../src/layout.ts";
import { freePort, isFree } from "../src/ports.ts";

describe("a server that uses the kit", () => {
  const faults = createFaultQueue<string>();
  const gates = createGates<string>();
  let server: Server;
  let url: string;
  before(async () => {
    server = createServer((request, response) => {
      const path = request.url ?? "";
      const serve = async () => {
        await gates.pass((key) => key === path);
        const fault = faults.take((key) => key === path);
        if (fault === undefined || !(await strike(fault, request, response))) response.end("fine");
      };
      void serve();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("fails as told, as often as told, and for the requests that are meant only", async () => {
    faults.failNext("/orders", { type: "status", status: 503, headers: { "retry-after": "7" } }, 2);
    assert.equal((await fetch(`${url}/people`)).status, 200);
    const first = await fetch(`${url}/orders`);
    assert.deepEqual([first.status, first.headers.get("retry-after")], [503, "7"]);
    assert.equal((await fetch(`${url}/orders`)).status, 503);
    assert.equal(await (await fetch(`${url}/orders`)).text(), "fine");
  });

  it("drops the connection, never answers, answers nonsense, or answers late", async () => {
    faults.failNext("/", { type: "reset" });
    await assert.rejects(fetch(url));
    faults.failNext("/", { type: "hang" });
    const waiting = new AbortController();
    // Not before it has arrived: the fault would meet the next request instead.
    server.once("request", () => setImmediate(() => waiting.abort()));
    await assert.rejects(fetch(url, { signal: waiting.signal }), { name: "AbortError" });
    faults.failNext("/", { type: "garbage" });
    await assert.rejects((await fetch(url)).json());
    faults.failNext("/", { type: "delay", ms: 1 });
    assert.equal(await (await fetch(url)).text(), "fine");
  });

  it("forgets faults that have not struck", async () => {
    faults.failNext("/", { type: "reset" });
    faults.clear();
    assert.equal((await fetch(url)).status, 200);
  });

  it("holds requests at a gate until it is released, and says how many have arrived", async () => {
    const gate = gates.close("/held");
    const held = [fetch(`${url}/held`), fetch(`${url}/held`)];
    await gate.reached(2);
    assert.equal(gate.arrived, 2);
    assert.equal((await fetch(`${url}/other`)).status, 200);
    gate.release();
    assert.deepEqual(
      (await Promise.all(held)).map(({ status }) => status),
      [200, 200],
    );
  });
});

describe("a page of the kit", () => {
  it("shows text as text, in elements and in attributes", () => {
    const text = `<script>"&'`;
    assert.equal(
      html`<p title="${text}">${[text, false, undefined, html`<b>1</b>`]}</p>`.text.includes("<script>"),
      false,
    );
    assert.match(html`<p>${"<"}${html`<br />`}</p>`.text, /^<p>&lt;<br \/><\/p>$/);
  });

  it("runs its own script and style only, and cannot be framed", () => {
    const page = renderPage({ title: "A page", body: html`<p>Text</p>`, script: "go()" });
    const policy = page.headers["content-security-policy"] ?? "";
    const [, nonce = ""] = /script-src 'nonce-([^']+)'/.exec(policy) ?? [];
    assert.ok(page.html.includes(`<script nonce="${nonce}">`));
    assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/);
    const again = renderPage({ title: "A page", body: html`<p>Text</p>` });
    assert.ok(!again.headers["content-security-policy"]?.includes(nonce));
  });
});

it("a free port is one that nobody listens on", async () => {
  const port = await freePort();
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  assert.equal(await isFree(port), false);
  await new Promise((closed) => server.close(closed));
  assert.equal(await isFree(port), true);
});

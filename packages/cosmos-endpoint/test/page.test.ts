import assert from "node:assert/strict";
import { get } from "node:http";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { startEndpointUnderTest } from "./under-test.ts";

const BROWSER_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

let now = Date.UTC(2026, 0, 1);
const { endpoint, client, container } = await startEndpointUnderTest({ clock: () => now });

async function openPage(): Promise<string> {
  const response = await fetch(endpoint.url, { headers: { accept: BROWSER_ACCEPT } });
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /^text\/html/);
  return response.text();
}

function getAs(host: string): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const request = get(endpoint.url, { headers: { host, accept: BROWSER_ACCEPT } }, (response) => {
      text(response).then((body) => resolve([response.statusCode ?? 0, body]), reject);
    });
    request.on("error", reject);
  });
}

describe("the page of the local Cosmos DB endpoint", () => {
  test("a person sees the documents as they are stored, and sees them vanish", async () => {
    assert.match(await openPage(), /There are no documents/);
    await container.items.create({
      id: "account-1",
      sealed: "s".repeat(500),
      note: "n".repeat(200),
      sessions: [{ at: 1 }],
    });
    await container.items.create({ id: "account-2", ttl: 60 });
    const page = await openPage();
    assert.match(page, /2 documents/);
    assert.match(page, /auth \/ accounts \/ account-1<\/span>/);
    assert.match(page, /<code>s{500}<\/code>/);
    assert.match(page, /&quot;sealed&quot;: &quot;… \(above, 500 characters\)&quot;/);
    assert.match(page, /&quot;note&quot;: &quot;n{80}… \(200 characters\)&quot;/);

    now += 61_000;
    assert.doesNotMatch(await openPage(), /account-2/);
    assert.deepEqual(
      endpoint.dump().map(({ id, expired }) => [id, expired]),
      [
        ["account-2", true],
        ["account-1", false],
      ],
    );
    await container.item("account-1", "account-1").delete();
    assert.match(await openPage(), /There are no documents/);
  });

  test("a document cannot put markup or script into the page", async () => {
    const attack = `</pre><script>alert(1)</script><img src=x onerror="alert(2)">&amp;'`;
    await container.items.create({ id: "<b>&'", [attack]: attack });
    const page = await openPage();
    assert.doesNotMatch(page, /<b>|<img|<script>alert/);
    assert.match(page, /&lt;script&gt;alert\(1\)/);
    const response = await fetch(endpoint.url, { headers: { accept: BROWSER_ACCEPT } });
    const policy = response.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe-inline/);
  });

  test("the SDK still gets the account from the same address", async () => {
    assert.equal((await client.getDatabaseAccount()).resource?.consistencyPolicy, "Strong");
  });

  test("the page needs no key, everything else does", async () => {
    await openPage();
    for (const path of ["/", "/dbs", "/dbs/auth/colls/accounts/docs/account-1"]) {
      assert.equal((await fetch(endpoint.url + path)).status, 401, path);
    }
    const posted = await fetch(endpoint.url, { method: "POST", headers: { accept: BROWSER_ACCEPT } });
    assert.equal(posted.status, 405);
  });

  test("a web page whose name was made to resolve to this machine (DNS rebinding) reads nothing", async () => {
    for (const host of [
      "attacker.example",
      "127.0.0.1.attacker.example",
      "localhost.attacker.example:7074",
      "127.0.0.1@evil",
    ]) {
      const [status, body] = await getAs(host);
      assert.equal(status, 403, host);
      assert.doesNotMatch(body, /<html/);
    }
    assert.equal((await getAs("localhost:7074"))[0], 200);
  });
});

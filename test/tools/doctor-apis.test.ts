import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { checkAddress } from "../../tools/doctor/checks/api-address.ts";
import { checkAttempts, checkHostJson } from "../../tools/doctor/checks/attempts.ts";
import { checkSettings } from "../../tools/doctor/checks/settings.ts";
import { assertFinding } from "./doctor-harness.ts";

const name = "orders";
const label = "API orders: address";

async function check(baseUrl: string, scopes: readonly string[], appScope?: string) {
  return [await checkAddress({ name, baseUrl, scopes, appScope })];
}

describe("npm run doctor, at the APIs", () => {
  it("finds one that answers, whatever it says to a stranger", async () => {
    const server = createServer((_request, response) => response.writeHead(401).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    assertFinding(await check(baseUrl, ["User.Read"]), label, "ok", /^127\.0\.0\.1:\d+ answers/);
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    assertFinding(await check(baseUrl, ["User.Read"]), label, "warning", /does not answer here: ECONNREFUSED/);
  });

  it("tells a host that does not exist", async () => {
    const found = await check("https://no-such-host.invalid", ["api://orders/Orders.Read"]);
    assert.match(found[0]?.status ?? "", /failed|warning/);
    assert.match(found[0]?.text ?? "", /no-such-host\.invalid.*Correct DownstreamApis__orders__BaseUrl/);
  });

  it("tells that another host would get tokens for Microsoft Graph", async () => {
    const says = /^tokens for Microsoft Graph would go to graph\.microsoft\.example\. Correct/;
    assertFinding(await check("https://graph.microsoft.example/v1.0", ["User.Read"]), label, "failed", says);
    const own = await check("https://graph.microsoft.example", [], "https://graph.microsoft.com/.default");
    assertFinding(own, label, "failed", says);
  });

  it("tells that Microsoft Graph would get tokens for another API", async () => {
    const says = /^Microsoft Graph at graph\.microsoft\.com refuses tokens for api:\/\/orders\/Orders\.Read\. Correct/;
    assertFinding(await check("https://graph.microsoft.com", ["api://orders/Orders.Read"]), label, "failed", says);
  });
});

describe("npm run doctor, at the settings of an API", () => {
  it("tells scopes of two resources, for which there is no one token", () => {
    const environment = {
      DownstreamApis__orders__BaseUrl: "https://orders.example",
      DownstreamApis__orders__Scopes: "User.Read api://orders/Orders.Read",
    };
    const found = checkSettings(environment, "a file").findings.filter(({ text }) => text.includes("__orders__"));
    assertFinding(found, "Settings", "failed", /^DownstreamApis__orders__Scopes has scopes of several resources/);
  });
});

describe("npm run doctor, at how often is tried", () => {
  it("tells sign-outs that are given up at once, or soon", () => {
    assert.deepEqual(checkAttempts(120), []);
    assertFinding(
      checkAttempts(5),
      "Settings: sign-outs",
      "warning",
      /after 5 attempts\. Set SignOut__MaxAttempts to 120/,
    );
    assertFinding(checkAttempts(1), "Settings: sign-outs", "failed", /after one attempt\. Set SignOut__MaxAttempts/);
  });

  it("tells a host.json that gives messages up after one failure", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "doctor-"));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, "host.json");
    assert.deepEqual(await checkHostJson(file), []);
    for (const [maxDequeueCount, count] of [
      [5, 0],
      [1, 1],
    ]) {
      await writeFile(file, JSON.stringify({ version: "2.0", extensions: { queues: { maxDequeueCount } } }));
      assert.equal((await checkHostJson(file)).length, count);
    }
    assertFinding(await checkHostJson(file), "host.json", "warning", /maxDequeueCount is 1: .* Leave it out/);
  });
});

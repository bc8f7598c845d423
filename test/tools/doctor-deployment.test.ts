import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { credentialExpiresSoon } from "../../shared/identity/credential-expiry.ts";
import { directoryNotSubscribed } from "../../shared/readiness/readiness.ts";
import { telemetryRefused } from "../../shared/telemetry/delivery.ts";
import { checkApp } from "../../tools/doctor/checks/app.ts";
import { freePortRow, signIn, startWorld, type World } from "../support/world.ts";
import { assertFinding, assertLine, doctor, type Report } from "./doctor-harness.ts";

async function pass(url: string, response: ServerResponse): Promise<void> {
  const passed = await fetch(url, { redirect: "manual" });
  response.writeHead(passed.status, Object.fromEntries(passed.headers));
  response.end(Buffer.from(await passed.arrayBuffer()));
}

/** What stands before an app: it passes requests on, and does something about headers that are not ASCII. */
async function startFrontEnd(
  origin: string,
  treat: "refuse" | "strip" | "hang up",
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const isOdd = /[^\0-\x7f]/.test(request.headers.cookie ?? "");
    if (isOdd && treat === "refuse") return void response.writeHead(403).end("Delete the cookies of this site.");
    if (isOdd && treat === "hang up") return void request.socket.destroy();
    void pass(origin + (request.url ?? ""), response);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

describe("npm run doctor, at a deployment", () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  async function examine(url: string, ...args: readonly string[]): Promise<Report> {
    const graph = world.platform.graph?.url ?? "";
    const certificates = world.platform.environment["NODE_EXTRA_CA_CERTS"];
    return doctor(["--url", url, "--graph-url", graph, ...args], { NODE_EXTRA_CA_CERTS: certificates });
  }

  async function examineInstance(environment: Readonly<Record<string, string>>): Promise<Report> {
    const instance = await world.startInstance(environment);
    return examine(instance.url);
  }

  it("has the app say what only the app can know, and sees the rest from outside", async () => {
    await signIn(world.client(), "ada@contoso.example", "/healthz");
    const report = await examine(world.publicBaseUrl);
    assert.equal(report.exitCode, 0, report.output);
    const names = ["App", "App: Cosmos DB", "App: authority", "App: credential", "Sign-in: sid"];
    names.push("Sign-in: login_hint", "Sign-in", "Identity provider", "Signing keys", "Clock", "App registration");
    names.push("Redirect URI", "Post-logout URI", "Logout URL", "Optional claims", "Client secret");
    names.push("Sign-in audience", "Service principal", "API of the sign-in: scopes");
    for (const name of names) assertLine(report, name, "✓", /./);
    for (const name of ["Federated credential", "Cosmos DB settings", "Queue storage"]) {
      assertLine(report, name, "–", /not checked/);
    }
  });

  it("tells that a neighbour's cookie above U+00FF ends at the host, where nothing in front refuses it", async () => {
    const report = await examine(world.publicBaseUrl);
    assertLine(report, "Odd headers", "!", /gets an empty 500\. Have the front end refuse/);
    assert.equal(report.exitCode, 0, report.output);
  });

  for (const [what, treat, says] of [
    ["refuses such a header", "refuse", /is refused with 403 before it reaches the host/],
    ["takes such a header away", "strip", /does not reach the host/],
    ["gives no answer", "hang up", /gets no answer\. Have the front end refuse/],
  ] as const) {
    it(`finds a front end that ${what}`, async () => {
      await using frontEnd = await startFrontEnd(world.publicBaseUrl, treat);
      assertLine(await examine(frontEnd.url), "Odd headers", treat === "hang up" ? "!" : "✓", says);
    });
  }

  it("tells that nothing is there, and calls nothing else fine", async () => {
    const report = await examine(`http://localhost:${await freePortRow(1)}`);
    assertLine(report, "App", "✗", /cannot be reached: ECONNREFUSED\. Check the address/);
    assertLine(report, "Sign-in", "✗", /no answer: ECONNREFUSED/);
    for (const name of ["Identity provider", "App registration"]) assertLine(report, name, "–", /does not say which/);
    assertLine(report, "Odd headers", "–", /does not answer an ordinary request either/);
    assert.ok(!report.output.includes("✓"), report.output);
    assert.equal(report.exitCode, 1);
  });

  it("tells another web site from this app", async () => {
    const site = createServer((_request, response) => response.end("<h1>It works!</h1>"));
    await new Promise<void>((resolve) => site.listen(0, "localhost", resolve));
    const report = await examine(`http://localhost:${(site.address() as AddressInfo).port}`);
    site.close();
    assertLine(report, "App", "✗", /answers 200, but not as this app would\. Publish/);
    assertLine(report, "Sign-in", "✗", /answers 200 and does not redirect/);
  });

  it("repeats what the app warns of, and what to do about it", async () => {
    const warnings = [telemetryRefused, credentialExpiresSoon, directoryNotSubscribed];
    const readyz = JSON.stringify({ checks: { configuration: "ok" }, signInSeen: false, warnings });
    const app = createServer((_request, response) => response.end(readyz));
    await new Promise<void>((resolve) => app.listen(0, "localhost", resolve));
    const findings = await checkApp(`http://localhost:${(app.address() as AddressInfo).port}`, "failed");
    app.close();
    assertFinding(findings, "App: telemetry", "warning", /telemetry is refused.* Monitoring Metrics Publisher/);
    assertFinding(findings, "App: expiry", "warning", /expires within 30 days.* Replace it/);
    assertFinding(findings, "App: directory", "warning", /does not notify the app.* directory_failed/);
  });

  it("names the settings that the app lacks", async () => {
    const report = await examineInstance({ AzureAd__TenantId: "", CosmosDb: "" });
    const found = report.of("App");
    assert.deepEqual(
      found.map(({ sign }) => sign),
      ["✗", "✗"],
    );
    assert.match(found[0]?.text ?? "", /its setting AzureAd__TenantId is missing; expected .*\. See docs/);
    assert.match(found[1]?.text ?? "", /its setting CosmosDb is missing/);
    assertLine(report, "App: credential", "–", /did not get that far/);
    assert.equal(report.exitCode, 1);
  });

  it("tells a credential that is refused, a store that lets nobody in, and an address that is not the app's", async () => {
    const wrongKey = Buffer.from("another key").toString("base64");
    const report = await examineInstance({
      AzureAd__ClientCredentials__0__ClientSecret: "wrong",
      CosmosDb: `AccountEndpoint=${world.cosmos.url}/;AccountKey=${wrongKey};`,
    });
    assertLine(report, "App: credential", "✗", /the app says app_refused\. Compare/);
    assertLine(report, "App: Cosmos DB", "✗", /the app says store_refused\. Give the app's identity the role/);
    assertLine(report, "Sign-in", "✗", /^leads back to http:\S+\/auth\/callback\. Set PublicBaseUrl to/);
    assertLine(report, "Logout URL", "!", /accepts none for an app on http/);
  });

  it("tells a managed identity that the registration does not trust", async () => {
    const identity = world.platform.graph?.directory.putManagedIdentity("portal").appId ?? "";
    const report = await examine(world.publicBaseUrl, "--managed-identity", identity);
    assertLine(report, "Federated credential", "✗", /does not trust "portal"\. npm run app-registration/);
    assert.equal(report.exitCode, 1);
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { QueueServiceClient } from "@azure/storage-queue";
import { appClientId } from "@entra-functions-bff/development";
import { freePortRow, signIn, startWorld, type World } from "../support/world.ts";
import { assertLine, doctorOf } from "./doctor-harness.ts";

const ada = "ada@contoso.example";
const secretSetting = "AzureAd__ClientCredentials__0__ClientSecret";

describe("npm run doctor, on this machine", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ queueStorage: true });
  });
  after(() => world.stop());

  it("does not call claims fine that nobody has seen yet", async () => {
    const report = await doctorOf(world);
    assertLine(report, "Sign-in: sid", "–", /nobody has signed in/);
    assertLine(report, "Sign-in: login_hint", "–", /nobody has signed in/);
    assert.equal(report.exitCode, 0);
  });

  it("is green all over when everything is right, but for what cannot be checked here, and holds no secret", async () => {
    await signIn(world.client(), ada, "/healthz");
    const report = await doctorOf(world);
    assert.equal(report.exitCode, 0, report.output);
    const names = ["Settings", "Identity provider", "Signing keys", "Clock", "Client credential", "Cosmos DB"];
    names.push("Consistency", "Container accounts", "Container sids", "Queue storage", "App registration");
    names.push("Redirect URI", "Post-logout URI", "Logout URL", "Optional claims", "Client secret", "App");
    names.push("Sign-in audience", "Service principal", "Support", "API graph: scopes", "API graph: address");
    names.push("App: Cosmos DB", "App: authority", "App: credential", "Sign-in: sid", "Sign-in: login_hint");
    for (const name of names) assertLine(report, name, "✓", /./);
    assertLine(report, "Permissions", "–", /has only an account key/);
    assert.match(report.output, /^27 fine, 1 not checked$/m);
    assert.ok(!report.output.includes("\u001B"), "colours are for terminals");
    for (const setting of [secretSetting, "CosmosDb", "AzureWebJobsStorage"]) {
      assert.ok(!report.output.includes(world.platform.environment[setting] ?? setting));
    }
    assert.ok(!report.output.includes(world.cosmos.accountKey));
  });

  it("names every setting that is missing or wrong, and checks nothing with them", async () => {
    const changes = { AzureAd__TenantId: "no tenant", Session__MaxPerAccount: "0", Session__IdleTimeout: "15" };
    const report = await doctorOf(world, changes);
    const [first, second, misspelt, ...more] = report.of("Settings");
    assert.match(first?.text ?? "", /^AzureAd__TenantId is not valid; expected a tenant's GUID/);
    assert.match(second?.text ?? "", /^Session__MaxPerAccount is not valid; expected a whole number from 1 to 50/);
    assert.deepEqual([first?.sign, second?.sign, more], ["✗", "✗", []]);
    assert.equal(misspelt?.sign, "!");
    assert.match(misspelt?.text ?? "", /^Session__IdleTimeout is not a setting of this app\. Compare its spelling/);
    assertLine(report, "Everything else", "–", /settings have to be complete first/);
    assert.equal(report.exitCode, 1);
  });

  it("tells a wrong secret, a missing database, a host's page in the way, a former name, and lost sign-outs", async () => {
    const storage = world.platform.environment["AzureWebJobsStorage"] ?? "";
    const poison = QueueServiceClient.fromConnectionString(storage).getQueueClient("sign-outs-poison");
    await poison.create();
    await poison.sendMessage("given up");
    const report = await doctorOf(world, {
      [secretSetting]: "wrong",
      CosmosDb__databaseName: "elsewhere",
      AzureWebJobsDisableHomepage: "false",
      AzureFunctionsJobHost__extensions__queues__maxDequeueCount: "7",
    });
    await poison.delete();
    assertLine(report, "Client credential", "✗", /refuses the client secret \(AADSTS7000215\)\. Put a secret's value/);
    assertLine(report, "Container accounts", "✗", /no database elsewhere\. Deploy/);
    assertLine(report, "Queue storage", "!", /1 sign-out given up, in sign-outs-poison\. See/);
    const [, homepage, former] = report.of("Settings");
    assert.match(homepage?.text ?? "", /Set AzureWebJobsDisableHomepage to true/);
    assert.match(former?.text ?? "", /maxDequeueCount is an old name\. Rename it to SignOut__MaxAttempts/);
    assert.equal(report.exitCode, 1);
  });

  it("tells an app that the identity provider does not know, a wrong account key, and no queue storage", async () => {
    const unknown = "11111111-2222-4333-8444-555555555555";
    const wrongKey = Buffer.from("another key").toString("base64");
    const report = await doctorOf(world, {
      AzureAd__ClientId: unknown,
      CosmosDb: `AccountEndpoint=${world.cosmos.url}/;AccountKey=${wrongKey};`,
      AzureWebJobsStorage: (world.platform.environment["AzureWebJobsStorage"] ?? "").replace(
        /:\d+\//,
        `:${await freePortRow(1)}/`,
      ),
    });
    assertLine(report, "Client credential", "✗", /AADSTS700016\)\. Correct AzureAd__ClientId/);
    assertLine(report, "App registration", "✗", new RegExp(`no registration with the client id ${unknown}`));
    assertLine(report, "Cosmos DB", "✗", /refuses the account key\. Put a current key into CosmosDb/);
    for (const name of ["Consistency", "Container accounts", "Container sids", "Permissions"]) {
      assertLine(report, name, "–", /could not be asked/);
    }
    assertLine(report, "Queue storage", "✗", /cannot be reached: ECONNREFUSED\. Check AzureWebJobsStorage/);
  });

  it("tells what cannot be reached at all, and does not take the app's silence for health", async () => {
    const closed = await freePortRow(1);
    const report = await doctorOf(world, {
      PublicBaseUrl: `http://localhost:${closed}`,
      AzureAd__Instance: `https://127.0.0.1:${closed}/`,
      CosmosDb: `AccountEndpoint=http://127.0.0.1:${closed}/;AccountKey=${world.cosmos.accountKey};`,
      GRAPH_URL: `http://127.0.0.1:${closed}`,
    });
    assertLine(report, "Identity provider", "✗", /cannot be reached: ECONNREFUSED\. Check AzureAd__Instance/);
    for (const name of ["Signing keys", "Clock"]) assertLine(report, name, "–", /not checked/);
    assertLine(report, "Client credential", "✗", /does not answer/);
    assertLine(report, "Cosmos DB", "✗", /cannot be reached: ECONNREFUSED\. Check CosmosDb/);
    assertLine(report, "App registration", "–", /Microsoft Graph at http:\S+ cannot be reached/);
    assertLine(report, "App", "–", /cannot be reached: ECONNREFUSED; npm start/);
  });

  it("tells a clock that is off", async () => {
    const { controls } = world.identityProvider;
    const metadata = await (
      await fetch(
        `${world.identityProvider.publicUrl}/${world.identityProvider.tenantId}/v2.0/.well-known/openid-configuration`,
      )
    ).text();
    const answerAt = (seconds: number) => {
      const date = new Date(Date.now() + seconds * 1000).toUTCString();
      controls.failNext("discovery", {
        type: "status",
        status: 200,
        body: JSON.parse(metadata) as object,
        headers: { date },
      });
    };
    answerAt(90);
    assertLine(await doctorOf(world), "Clock", "!", /^this machine is \d+ s behind the identity provider\. Set/);
    controls.clearFaults();
    answerAt(-600);
    const report = await doctorOf(world);
    controls.clearFaults();
    assertLine(report, "Clock", "✗", /^this machine is \d+ s ahead of the identity provider\. Set/);
  });

  it("tells ID tokens without sid and login_hint", async () => {
    world.identityProvider.controls.setOptionalClaims(appClientId, []);
    world.identityProvider.controls.includeSessionState = false;
    await signIn(world.client(), ada, "/healthz");
    const report = await doctorOf(world);
    assertLine(report, "Sign-in: sid", "✗", /bring no sid\. Add the optional claim sid/);
    assertLine(report, "Sign-in: login_hint", "✗", /bring no login_hint\. Add/);
    assert.equal(report.exitCode, 1);
  });
});

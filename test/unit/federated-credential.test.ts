import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { msalCredential } from "../../shared/identity/client-credential.ts";
import { response, startRawServer, type RawServer } from "@entra-functions-bff/stand-in-kit/raw-server";
import { clientId } from "./support/environment.ts";

/* The federated credential of the app registration names the audience, and in each national cloud Entra wants another. */
describe("the managed identity's token is for the cloud of the authority", () => {
  let identityEndpoint: RawServer;
  before(async () => {
    const answer = { access_token: "assertion", expires_on: String(Date.now()), token_type: "Bearer", resource: "" };
    identityEndpoint = await startRawServer({
      "/msi/token": response("200 OK", ["content-type: application/json"], JSON.stringify(answer)),
    });
    process.env["IDENTITY_ENDPOINT"] = `${identityEndpoint.url}/msi/token`;
    process.env["IDENTITY_HEADER"] = "header";
  });
  after(async () => {
    delete process.env["IDENTITY_ENDPOINT"];
    delete process.env["IDENTITY_HEADER"];
    await identityEndpoint.stop();
  });

  const audiences: readonly [environment: string, audience: string][] = [
    ["login.microsoftonline.com", "api://AzureADTokenExchange"],
    ["login.microsoftonline.us", "api://AzureADTokenExchangeUSGov"],
    ["login.partner.microsoftonline.cn", "api://AzureADTokenExchangeChina"],
    ["login.chinacloudapi.cn", "api://AzureADTokenExchangeChina"],
    ["login.sovcloud-identity.fr", "api://AzureADTokenExchangeFrance"],
    ["login.sovcloud-identity.de", "api://AzureADTokenExchangeGermany"],
    ["login.sovcloud-identity.sg", "api://AzureADTokenExchangeGovSG"],
    ["contoso.ciamlogin.com", "api://AzureADTokenExchange"],
  ];
  for (const [environment, audience] of audiences) {
    test(environment, async () => {
      // Another one each time: tokens are kept by identity.
      const credential = { kind: "managedIdentity", clientId: randomUUID() } as const;
      const { clientAssertion } = await msalCredential(credential, clientId, environment);
      if (typeof clientAssertion !== "function") return assert.fail("no assertion");
      assert.equal(await clientAssertion({ clientId }), "assertion");
      const path = identityEndpoint.requests.at(-1)?.split(" ")[1] ?? "";
      assert.equal(new URL(path, identityEndpoint.url).searchParams.get("resource"), audience);
    });
  }
});

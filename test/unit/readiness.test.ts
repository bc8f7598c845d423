import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { authorityOf } from "../../shared/identity/authority.ts";
import { proveCredential } from "../../shared/readiness/prove-credential.ts";
import { clientId, configuration } from "./support/environment.ts";
import { identityProvider, settings, type TestIdentityProvider } from "./support/identity-provider.ts";

async function prove(changes: Readonly<Record<string, string | undefined>> = {}) {
  const given = configuration({ ...settings, ...changes });
  return proveCredential(authorityOf(given), given, AbortSignal.timeout(5_000));
}

describe("proving the app's credential", () => {
  let idp: TestIdentityProvider;
  beforeEach(() => {
    idp = identityProvider();
  });
  afterEach(() => mock.restoreAll());

  const refuse = (status: number, error: string, ...error_codes: readonly number[]) => {
    idp.token = async () =>
      Response.json({ error, error_description: `AADSTS${error_codes[0]}: no`, error_codes }, { status });
  };

  test("asks for a token that is good for the app itself and nothing else, and needs no person", async () => {
    assert.deepEqual(await prove(), { outcome: "ok" });
    const [request, ...more] = idp.tokenRequests;
    assert.equal(more.length, 0);
    assert.equal(request?.form.get("grant_type"), "client_credentials");
    assert.equal(request?.form.get("client_id"), clientId);
    assert.match(request?.form.get("scope") ?? "", new RegExp(`^${clientId}/\\.default\\b`));
  });

  test("tells a refusal of the credential, with its number, from everything else", async () => {
    refuse(401, "invalid_client", 7000222);
    assert.deepEqual(await prove(), { outcome: "app_refused", errorNumber: "7000222" });
    refuse(400, "unauthorized_client", 700016);
    assert.deepEqual(await prove(), { outcome: "app_refused", errorNumber: "700016" });
    refuse(400, "invalid_resource", 500011);
    assert.deepEqual(await prove(), { outcome: "not_checked", errorNumber: "500011" });
  });

  test("does not take a token endpoint in trouble for a refusal", async () => {
    idp.token = async () => new Response("busy", { status: 503 });
    assert.deepEqual(await prove(), { outcome: "identity_provider_unavailable" });
    idp.token = async () => Promise.reject(new TypeError("fetch failed"));
    assert.deepEqual(await prove(), { outcome: "identity_provider_unavailable" });
  });

  test("asks nobody where the authority is of many tenants", async () => {
    assert.deepEqual(await prove({ AzureAd__TenantId: "organizations" }), { outcome: "not_checked" });
    assert.equal(idp.tokenRequests.length, 0);
  });

  test("tells a managed identity that gives no token", async () => {
    // As in Azure Functions, where nothing answers at that address.
    Object.assign(process.env, { IDENTITY_ENDPOINT: "http://127.0.0.1:1/msi/token", IDENTITY_HEADER: "none" });
    const credential = "AzureAd__ClientCredentials__0__";
    const answer = await prove({
      [`${credential}SourceType`]: "SignedAssertionFromManagedIdentity",
      [`${credential}ClientSecret`]: undefined,
      [`${credential}ManagedIdentityClientId`]: clientId,
    });
    delete process.env["IDENTITY_ENDPOINT"];
    delete process.env["IDENTITY_HEADER"];
    assert.deepEqual(answer, { outcome: "managed_identity_unavailable" });
    assert.equal(idp.tokenRequests.length, 0);
  });
});

import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { decodeJwt } from "jose";
import { otherTenantId } from "../src/people.ts";
import { personalTenantId } from "../src/people.ts";
import { startProvider } from "../src/testing.ts";

const { provider, call } = await startProvider();
const { publicUrl, instance, tenantId } = provider;

async function discovery(tenant: string) {
  const answer = await call(`${instance}${tenant}/v2.0/.well-known/openid-configuration`);
  return { status: answer.status, body: JSON.parse(answer.text) as Record<string, unknown> };
}

test("a tenant's discovery document names browser endpoints over http and back-end endpoints over TLS", async () => {
  const { status, body } = await discovery(tenantId);
  assert.equal(status, 200);
  assert.equal(body["issuer"], `${instance}${tenantId}/v2.0`);
  assert.equal(body["authorization_endpoint"], `${publicUrl}/${tenantId}/oauth2/v2.0/authorize`);
  assert.equal(body["end_session_endpoint"], `${publicUrl}/${tenantId}/oauth2/v2.0/logout`);
  assert.equal(body["token_endpoint"], `${instance}${tenantId}/oauth2/v2.0/token`);
  assert.equal(body["jwks_uri"], `${instance}${tenantId}/discovery/v2.0/keys`);
  assert.equal(body["revocation_endpoint"], undefined);
  assert.equal(body["backchannel_logout_supported"], undefined);
});

test("multi-tenant authorities have Entra's issuer template, other tenants an issuer of their own", async () => {
  assert.equal((await discovery("common")).body["issuer"], `${instance}{tenantid}/v2.0`);
  assert.equal((await discovery("organizations")).body["issuer"], `${instance}{tenantid}/v2.0`);
  assert.equal((await discovery(otherTenantId)).body["issuer"], `${instance}${otherTenantId}/v2.0`);
});

test("an unknown tenant is refused as Entra refuses it", async () => {
  for (const tenant of ["contoso.example", "consumers", "00000000-0000-0000-0000-000000000000"]) {
    const { status, body } = await discovery(tenant);
    assert.equal(status, 400);
    assert.equal(body["error"], "invalid_tenant");
    assert.match(String(body["error_description"]), /^AADSTS90002: /);
  }
});

test("the published keys are public halves with key ids", async () => {
  const { text } = await call(`${instance}${tenantId}/discovery/v2.0/keys`);
  const { keys } = JSON.parse(text) as { keys: Record<string, unknown>[] };
  assert.equal(keys.length, 2);
  for (const key of keys) {
    assert.deepEqual(Object.keys(key).toSorted(), ["alg", "e", "issuer", "kid", "kty", "n", "use"]);
  }
});

test("each published key says whose tokens it signs, as Entra's do: one is for personal accounts alone", async () => {
  const personal = `${instance}${personalTenantId}/v2.0`;
  const issuers: Readonly<Record<string, string>> = { [tenantId]: tenantId, common: "{tenantid}" };
  for (const [segment, tenant] of Object.entries(issuers)) {
    const { text } = await call(`${instance}${segment}/discovery/v2.0/keys`);
    const { keys } = JSON.parse(text) as { keys: { issuer: string }[] };
    assert.deepEqual(
      keys.map(({ issuer }) => issuer),
      [`${instance}${tenant}/v2.0`, personal],
    );
  }
});

test("what the provider does not implement it refuses by name", async () => {
  for (const path of ["/oauth2/v2.0/devicecode", "/discovery/instance", "/oauth2/token", "/federationmetadata"]) {
    const answer = await fetch(`${publicUrl}/${tenantId}${path}`);
    assert.equal(answer.status, 501);
    assert.ok((await answer.text()).includes(path));
  }
});

test("tokens are issued over TLS only, and pages are not served on the TLS side", async () => {
  const overHttp = await fetch(`${publicUrl}/${tenantId}/oauth2/v2.0/token`, { method: "POST", body: "grant_type=x" });
  assert.equal(overHttp.status, 400);
  assert.equal((await call(instance)).status, 404);
  assert.equal((await call(`${instance}${tenantId}/oauth2/v2.0/authorize`)).status, 404);
});

test("a browser that found the port under another name is sent to the public address", async () => {
  const { port } = new URL(publicUrl);
  const location = await new Promise<string | undefined>((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path: "/?a=b", headers: { host: `attacker.example:${port}` } });
    asked.on("response", (response) => resolve(response.resume().headers.location));
    asked.on("error", reject).end();
  });
  assert.equal(location, `${publicUrl}/?a=b`);
});

test("with externalId the issuer has the tenant's own host, in the metadata, the keys and the tokens", async () => {
  const external = await startProvider({ externalId: true });
  const { instance: at, tenantId: tenant, issuer } = external.provider;
  assert.equal(issuer, `https://${tenant}.ciamlogin.com/${tenant}/v2.0`);
  const read = async (url: string): Promise<unknown> => JSON.parse((await external.call(url)).text);
  const metadata = (await read(`${at}${tenant}/v2.0/.well-known/openid-configuration`)) as Record<string, string>;
  assert.equal(metadata["issuer"], issuer);
  assert.equal(metadata["token_endpoint"], `${at}${tenant}/oauth2/v2.0/token`);
  const { keys } = (await read(metadata["jwks_uri"] ?? "")) as { keys: { issuer: string }[] };
  assert.ok(keys.some((key) => key.issuer === issuer));
  const tokens = await external.tokensOf("Ada");
  for (const token of [tokens["id_token"], tokens["access_token"]]) {
    assert.equal(decodeJwt(String(token)).iss, issuer);
  }
});

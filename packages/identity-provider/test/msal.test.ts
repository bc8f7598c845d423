import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import {
  ConfidentialClientApplication,
  CryptoProvider,
  InteractionRequiredAuthError,
  type Configuration,
  type INetworkModule,
  type NetworkResponse,
} from "@azure/msal-node";

import { decodeJwt } from "jose";
import type { BackChannelAnswer } from "../src/back-channel.ts";
import { homeAccountId } from "../src/people.ts";
import { createBrowser, person, pick, portal, startProvider, testCertificates } from "../src/testing.ts";

const redirectUri = portal.redirectUris[0] ?? "";
const { provider, call, signIn } = await startProvider();

/** The real MSAL, set up as an app would be: discovery given as text, its calls over our private CA. */
async function createMsal(
  auth: Partial<Configuration["auth"]> = {},
  tenant = provider.tenantId,
): Promise<ConfidentialClientApplication> {
  const discovery = await call(`${provider.instance}${tenant}/v2.0/.well-known/openid-configuration`);
  return new ConfidentialClientApplication({
    auth: {
      clientId: portal.clientId,
      authority: `${provider.instance}${tenant}`,
      knownAuthorities: [new URL(provider.instance).host],
      authorityMetadata: discovery.text,
      clientSecret: portal.clientSecret,
      ...auth,
    },
    system: { networkClient },
  });
}

const networkClient: INetworkModule = {
  sendGetRequestAsync: async (url, options) => networkResponse(await call(url, { method: "GET", ...options })),
  sendPostRequestAsync: async (url, options) => networkResponse(await call(url, { method: "POST", ...options })),
};

function networkResponse<T>({ status, headers, text }: BackChannelAnswer): NetworkResponse<T> {
  return { status, headers: { ...headers }, body: JSON.parse(text) as T };
}

async function signInThroughMsal(givenName: string, scopes = ["User.Read"], tenant = provider.tenantId) {
  const msal = await createMsal({}, tenant);
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const url = await msal.getAuthCodeUrl({
    scopes,
    redirectUri,
    codeChallenge: challenge,
    codeChallengeMethod: "S256",
    state: "s",
    nonce: "n",
  });
  const browser = createBrowser(provider);
  const { url: callback } = await pick(browser, await browser.open(url), person(provider, givenName));
  const code = callback.searchParams.get("code") ?? "";
  const state = callback.searchParams.get("state") ?? "";
  const request = { scopes, redirectUri, code, codeVerifier: verifier, nonce: "n", state: "s" };
  const result = await msal.acquireTokenByCode(request, { code, state });
  return { msal, result, browser };
}

test("MSAL signs a person in with PKCE and knows who it is", async () => {
  provider.controls.requests.clear();
  const { result } = await signInThroughMsal("Ada");
  const ada = person(provider, "Ada");
  assert.equal(result.account?.homeAccountId, homeAccountId(ada));
  assert.equal(result.account?.username, ada.preferredUsername);
  assert.equal(result.account?.name, ada.name);
  assert.equal(result.account?.tenantId, ada.tid);
  assert.deepEqual(result.scopes.toSorted(), ["User.Read", "openid", "profile"].toSorted());
  assert.equal(provider.controls.requests.count({ endpoint: "token" }), 1);
});

test("MSAL answers from its cache, then renews with the refresh token, then gets a token for another resource", async () => {
  const { msal, result } = await signInThroughMsal("Ada");
  const { account } = result;
  assert.ok(account);
  provider.controls.requests.clear();
  const cached = await msal.acquireTokenSilent({ account, scopes: ["User.Read"] });
  assert.equal(cached.fromCache, true);
  assert.equal(provider.controls.requests.count({ endpoint: "token" }), 0);

  const renewed = await msal.acquireTokenSilent({ account, scopes: ["User.Read"], forceRefresh: true });
  assert.notEqual(renewed.accessToken, result.accessToken);
  assert.equal(provider.controls.requests.count({ endpoint: "token", grantType: "refresh_token" }), 1);

  const other = await msal.acquireTokenSilent({ account, scopes: ["api://orders/Orders.Read"] });
  assert.equal(decodeJwt(other.accessToken).aud, "api://orders");
  assert.equal(decodeJwt(other.accessToken)["scp"], "Orders.Read");
  const again = await msal.acquireTokenSilent({ account, scopes: ["api://orders/Orders.Read"] });
  assert.equal(again.fromCache, true);
  assert.equal((await msal.acquireTokenSilent({ account, scopes: ["User.Read"] })).accessToken, renewed.accessToken);
});

test("MSAL proves a certificate's key instead of a secret, and the secret is refused then", async () => {
  const { key, cert } = await testCertificates();
  const app = { ...portal, clientId: "with-certificate", certificate: cert };
  provider.controls.registerApp(app);
  const callback = async () => signIn(createBrowser(provider), person(provider, "Ada"), app);
  const redeemWith = async (auth: Parameters<typeof createMsal>[0]) => {
    const msal = await createMsal({ clientId: app.clientId, ...auth });
    const code = (await callback()).searchParams.get("code") ?? "";
    return msal.acquireTokenByCode({ scopes: ["User.Read"], redirectUri, code, nonce: "the-nonce" });
  };
  const thumbprintSha256 = new X509Certificate(cert).fingerprint256.replaceAll(":", "");
  const proof = { clientCertificate: { thumbprintSha256, privateKey: key } };
  assert.ok((await redeemWith({ clientSecret: "", ...proof })).account);
  await assert.rejects(redeemWith({}), (error: Error) => error.message.includes("AADSTS7000218"));
});

test("a guest's home account is not the object id in the tenant signed in to", async () => {
  const { result } = await signInThroughMsal("Mika");
  const mika = person(provider, "Mika");
  assert.equal(result.account?.homeAccountId, homeAccountId(mika));
  assert.equal(result.account?.idTokenClaims?.oid, mika.oid);
  assert.notEqual(mika.uid, mika.oid);
});

test("the organizations authority signs in people of any tenant, each with the issuer of their own", async () => {
  const { result } = await signInThroughMsal("Priya", ["User.Read"], "organizations");
  const priya = person(provider, "Priya");
  assert.equal(result.account?.idTokenClaims?.iss, `${provider.instance}${priya.tid}/v2.0`);
  assert.notEqual(priya.tid, provider.tenantId);
});

test("MSAL asks for a new sign-in when the refresh token was revoked, and when a challenge is due", async () => {
  const { msal, result } = await signInThroughMsal("Bruno");
  const { account } = result;
  assert.ok(account);
  const bruno = person(provider, "Bruno");
  const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
  provider.controls.claimsChallenge(bruno, claims);
  const renew = async () => msal.acquireTokenSilent({ account, scopes: ["User.Read"], forceRefresh: true });
  await assert.rejects(renew(), (error) => {
    assert.ok(error instanceof InteractionRequiredAuthError);
    assert.equal(error.claims, claims);
    assert.equal(error.subError, "basic_action");
    return true;
  });
  assert.equal(provider.controls.revokeRefreshTokens(bruno) > 0, true);
  await assert.rejects(renew(), (error) => error instanceof InteractionRequiredAuthError);
});

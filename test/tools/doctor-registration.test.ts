import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { cloudOf } from "../../shared/configuration/clouds.ts";
import { createGraphClient } from "../../tools/app-registration/graph-client.ts";
import { checkRegistration, type RegistrationExpected } from "../../tools/doctor/checks/registration.ts";
import type { Finding } from "../../tools/doctor/finding.ts";
import { startGraph, type Graph } from "@entra-functions-bff/development/graph";
import type { Application } from "@entra-functions-bff/development/graph";
import { assertFinding } from "./doctor-harness.ts";

const clientId = "a1b2c3d4-e5f6-4789-8abc-def012345678";
const tenantId = "72f988bf-0000-4000-8000-2d7cd011db47";
const principalId = "99999999-3333-4333-8444-555555555555";
const baseUrl = "https://app.example";
const dayMs = 86_400_000;

const claim = (name: string) => ({ name, source: null, essential: false, additionalProperties: [] });
const claims = (...names: string[]) => ({ idToken: names.map(claim), accessToken: [], saml2Token: [] });
const expiring = (inDays: number) => ({
  keyId: crypto.randomUUID(),
  displayName: null,
  startDateTime: new Date(Date.now() - dayMs).toISOString(),
  endDateTime: new Date(Date.now() + inDays * dayMs + 3_600_000).toISOString(),
});
const said = (days: number) => ({ secretExpiresAt: expiring(days).endDateTime });
const web = {
  redirectUris: [`${baseUrl}/auth/callback`, `${baseUrl}/auth/signed-out`],
  homePageUrl: null,
  logoutUrl: `${baseUrl}/auth/frontchannel-logout`,
  implicitGrantSettings: { enableIdTokenIssuance: false, enableAccessTokenIssuance: false },
};
const right: Partial<Application> = {
  id: "99999999-2222-4333-8444-555555555555",
  appId: clientId,
  displayName: "Portal",
  web,
  optionalClaims: claims("sid", "login_hint"),
  passwordCredentials: [expiring(90)],
};

describe("npm run doctor, at the app registration", () => {
  let graph: Graph;
  before(async () => {
    graph = await startGraph({ port: 0, tenantId });
  });
  after(() => graph.stop());
  beforeEach(() => graph.controls.clear());

  async function check(
    application: Partial<Application>,
    expected: Partial<RegistrationExpected> = {},
    getToken = async () => ({ token: "operator", expiresOnTimestamp: Date.now() + dayMs }),
  ): Promise<readonly Finding[]> {
    graph.directory.putApplication({ ...right, ...application });
    graph.directory.putServicePrincipal({ id: principalId, appId: clientId, displayName: "Portal" });
    const client = createGraphClient({ url: graph.url, credential: { getToken }, wait: async () => undefined });
    const usual = {
      clientId,
      cloud: cloudOf("login.microsoftonline.com"),
      baseUrl,
      tenant: tenantId,
      apis: [],
      credential: "secret",
      managedIdentity: undefined,
    } as const;
    return checkRegistration(client, { ...usual, ...expected });
  }

  async function secrets(...days: number[]) {
    return check({ passwordCredentials: days.map(expiring) });
  }

  async function keys(...days: number[]) {
    const kind = { type: "AsymmetricX509Cert", usage: "Verify" };
    const keyCredentials = days.map((each) => Object.assign(expiring(each), kind));
    return check({ keyCredentials }, { credential: "certificate" });
  }

  async function trusting(identity: string, application: Partial<Application> = { passwordCredentials: [] }) {
    return check(application, { credential: "managedIdentity", managedIdentity: identity });
  }

  it("finds nothing where everything is right, and changes nothing", async () => {
    const findings = await check({});
    assert.deepEqual(
      findings.filter(({ status }) => status !== "ok"),
      [],
    );
    assert.ok(graph.requests.every(({ method }) => method === "GET"));
  });

  it("tells missing redirect URIs", async () => {
    const findings = await check({ web: { ...web, redirectUris: [] } });
    assertFinding(
      findings,
      "Redirect URI",
      "failed",
      /^https:\/\/app\.example\/auth\/callback is not registered\. Add/,
    );
    assertFinding(findings, "Post-logout URI", "failed", /^https:\/\/app\.example\/auth\/signed-out is not/);
  });

  for (const [what, logoutUrl, says] of [
    [
      "none",
      null,
      /is not set, so sign-outs that begin elsewhere do not arrive\. Set it to https:\/\/app\.example\/auth/,
    ],
    ["of another deployment", "https://old.example/auth/frontchannel-logout", /^is https:\/\/old\.example\/\S+ Set it/],
    ["with another path", `${baseUrl}/auth/logout`, /^is https:\/\/app\.example\/auth\/logout\. Set it to/],
  ] as const) {
    it(`tells a Logout URL that is ${what}`, async () => {
      assertFinding(await check({ web: { ...web, logoutUrl } }), "Logout URL", "failed", says);
    });
  }

  it("says that an app on http gets no sign-outs from elsewhere", async () => {
    const findings = await check({}, { baseUrl: "http://localhost:7071" });
    assertFinding(findings, "Logout URL", "warning", /accepts none for an app on http\. Sign-outs/);
  });

  it("tells optional claims that are missing", async () => {
    assertFinding(await check({ optionalClaims: null }), "Optional claims", "failed", /lack sid and login_hint\. Add/);
    assertFinding(await check({ optionalClaims: claims("sid") }), "Optional claims", "failed", /lack login_hint\./);
  });

  it("tells whether services can be let in to manage sessions", async () => {
    assertFinding(
      await check({}),
      "Support",
      "ok",
      /no service can manage .* adds the app role Sessions\.Manage and Sessions\.EndAll/,
    );
    const role = {
      id: crypto.randomUUID(),
      value: "Sessions.Manage",
      displayName: "Manage sessions",
      description: "Manage sessions",
      isEnabled: true,
    };
    const forServices = { ...role, allowedMemberTypes: ["Application" as const] };
    const forPeople = { ...role, allowedMemberTypes: ["User" as const] };
    assertFinding(await check({ appRoles: [forPeople] }), "Support", "warning", /is not for applications\. Allow/);
    assertFinding(await check({ appRoles: [forServices] }), "Support", "warning", /have version 1, .* Set requested/);
    const { api } = graph.directory.putApplication({});
    const withVersion = { appRoles: [forServices], api: { ...api, requestedAccessTokenVersion: 2 } };
    assertFinding(
      await check(withVersion),
      "Support",
      "ok",
      /role Sessions\.Manage can use it; .* adds the app role Sessions\.EndAll$/,
    );
    const both = { ...withVersion, appRoles: [forServices, { ...forServices, value: "Sessions.EndAll" }] };
    assertFinding(await check(both), "Support", "ok", /role Sessions\.Manage or Sessions\.EndAll can use it$/);
  });

  it("tells that the implicit grant is on", async () => {
    const implicitGrantSettings = { enableIdTokenIssuance: true, enableAccessTokenIssuance: false };
    const findings = await check({ web: { ...web, implicitGrantSettings } });
    assertFinding(findings, "Implicit grant", "warning", /is on, .* turns it off/);
  });

  for (const [signInAudience, tenant, status, says] of [
    ["AzureADMyOrg", tenantId, "ok", /one tenant/],
    ["AzureADMultipleOrgs", tenantId, "ok", /one tenant/],
    ["PersonalMicrosoftAccount", tenantId, "failed", /Set AzureAd__TenantId to consumers/],
    ["AzureADMyOrg", "organizations", "failed", /refuses sign-ins\. npm .* --sign-in-audience multi-tenant/],
    ["AzureADMultipleOrgs", "organizations", "ok", /as organizations needs/],
    ["PersonalMicrosoftAccount", "organizations", "failed", /AzureAd__TenantId is organizations/],
    ["AzureADMyOrg", "common", "failed", /AzureAd__TenantId is common/],
    ["AzureADMultipleOrgs", "common", "warning", /refuses them\. Set AzureAd__TenantId to organizations/],
    ["AzureADandPersonalMicrosoftAccount", "common", "ok", /as common needs/],
    ["AzureADMultipleOrgs", "consumers", "failed", /Register the app for personal accounts/],
  ] as const) {
    it(`compares the sign-in audience ${signInAudience} with ${tenant === tenantId ? "a tenant" : tenant}`, async () => {
      assertFinding(await check({ signInAudience }, { tenant }), "Sign-in audience", status, says);
    });
  }

  it("tells a secret that has expired, will in a month, or is not there", async () => {
    assertFinding(await secrets(-2), "Client secret", "failed", /^expired on \d{4}-\d\d-\d\d\. Make a new one/);
    assertFinding(await secrets(30), "Client secret", "warning", /^expires on \d{4}-\d\d-\d\d, in 30 days\. Make/);
    assertFinding(await secrets(31), "Client secret", "ok", /^good until/);
    assertFinding(await secrets(-2, 200), "Client secret", "ok", /^good until/);
    assertFinding(await secrets(), "Client secret", "failed", /the registration has none\. Make/);
  });

  it("tells a setting by which the app would warn of the secret's end too late", async () => {
    assertFinding(
      await check({}, said(91)),
      "Settings: secret",
      "warning",
      /ClientSecretExpires says \S+, but the last secret/,
    );
    assert.ok((await check({}, said(89))).every(({ name }) => name !== "Settings: secret"));
  });

  it("tells the same of certificates", async () => {
    assertFinding(await keys(-1), "Certificate", "failed", /^expired on .*\. Upload a new one/);
    assertFinding(await keys(3), "Certificate", "warning", /in 3 days/);
    assertFinding(await keys(), "Certificate", "failed", /has none/);
  });

  describe("with a managed identity", () => {
    const issuer = `https://login.microsoftonline.com/${tenantId}/v2.0`;
    const audiences = ["api://AzureADTokenExchange"];

    it("is content when the registration trusts it, by client id or principal id", async () => {
      const { id: subject, appId } = graph.directory.putManagedIdentity("portal");
      graph.directory.putFederatedCredential(right.id ?? "", { name: subject, issuer, subject, audiences });
      for (const identity of [subject, appId]) {
        assertFinding(await trusting(identity), "Federated credential", "ok", /trusts "portal"/);
      }
    });

    it("tells that it is not trusted, and how to change that", async () => {
      const { appId } = graph.directory.putManagedIdentity("stranger");
      const says = new RegExp(`does not trust "stranger"\\. npm run app-registration -- --managed-identity ${appId}`);
      assertFinding(await trusting(appId), "Federated credential", "failed", says);
    });

    it("tells a credential for another tenant's identities, or another audience", async () => {
      for (const wrong of [
        { issuer: "https://login.microsoftonline.com/other/v2.0" },
        { audiences: ["api://other"] },
      ]) {
        const { id: subject, appId } = graph.directory.putManagedIdentity("confused");
        const credential = { name: subject, issuer, subject, audiences, ...wrong };
        graph.directory.putFederatedCredential(right.id ?? "", credential);
        assertFinding(await trusting(appId), "Federated credential", "failed", /another issuer or audience\. Issuer/);
      }
    });

    it("compares with the cloud of the authority", async () => {
      const { id: subject, appId } = graph.directory.putManagedIdentity("sovereign");
      const credential = { name: subject, issuer, subject, audiences };
      const cloud = cloudOf("login.microsoftonline.us");
      const expected = { cloud, credential: "managedIdentity", managedIdentity: appId } as const;
      graph.directory.putFederatedCredential(right.id ?? "", credential);
      const says = /Issuer https:\/\/login\.microsoftonline\.us\/.*, audience api:\/\/AzureADTokenExchangeUSGov/;
      assertFinding(await check({}, expected), "Federated credential", "failed", says);
      const changed = { issuer: issuer.replace(".com/", ".us/"), audiences: [cloud.tokenExchangeAudience] };
      graph.directory.putFederatedCredential(right.id ?? "", { ...credential, ...changed });
      assertFinding(await check({}, expected), "Federated credential", "ok", /trusts "sovereign"/);
    });

    it("tells an identity that does not exist, or cannot be trusted", async () => {
      assertFinding(await trusting(crypto.randomUUID()), "Federated credential", "failed", /no managed identity with/);
      const { appId } = graph.directory.putManagedIdentity("built-in", "system-assigned");
      assertFinding(await trusting(appId), "Federated credential", "failed", /is system-assigned\. Set/);
    });

    it("tells secrets and certificates that the app has no use for", async () => {
      const { appId } = graph.directory.putManagedIdentity("tidy");
      const keyCredentials = [{ ...expiring(300), type: "AsymmetricX509Cert", usage: "Verify" }];
      const findings = await trusting(appId, { passwordCredentials: [expiring(10), expiring(-10)], keyCredentials });
      assertFinding(findings, "Client secret", "warning", /has 1, but the app uses none\. Delete/);
      assertFinding(findings, "Certificate", "warning", /has 1, but the app uses none\. Delete/);
    });
  });

  it("does not call a registration fine that it cannot see", async () => {
    graph.controls.deny();
    assertFinding(await check({}), "App registration", "not checked", /Not allowed to read the app registration/);
    graph.controls.clear();
    graph.controls.throttle(99);
    assertFinding(await check({}), "App registration", "not checked", /throttling/);
    graph.controls.clear();
    const nobody = await check({}, {}, async () => Promise.reject(new Error("no az")));
    assertFinding(nobody, "App registration", "not checked", /Not signed in to Microsoft Entra.*az login/s);
  });

  it("tells that there is none", async () => {
    const findings = await check({}, { clientId: crypto.randomUUID() });
    assertFinding(findings, "App registration", "failed", /there is no registration with the client id .*\. Sign in/);
    assert.equal(findings.length, 1);
  });
});

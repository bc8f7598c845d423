import assert from "node:assert/strict";
import { test } from "node:test";
import { baseUrl, startDirectory, onlyApplication, tenantId, toCreate } from "./app-registration-harness.ts";

const graphAppId = "00000003-0000-0000-c000-000000000000";

test("from nothing: the app, its service principal and the trust in the managed identity, and no secret", async () => {
  await using world = await startDirectory();
  const { directory } = world.graph;
  const identity = directory.putManagedIdentity("portal-identity");
  await world.succeed([...toCreate, "--managed-identity", identity.appId]);

  const application = onlyApplication(world.graph);
  assert.equal(application.displayName, "Contoso portal");
  assert.match(application.uniqueName ?? "", /^contoso-portal-[0-9a-f]{8}$/);
  assert.equal(application.signInAudience, "AzureADMyOrg");
  assert.deepEqual(application.web, {
    redirectUris: [`${baseUrl}/auth/callback`, `${baseUrl}/auth/signed-out`],
    homePageUrl: null,
    logoutUrl: `${baseUrl}/auth/frontchannel-logout`,
    implicitGrantSettings: { enableIdTokenIssuance: false, enableAccessTokenIssuance: false },
  });
  assert.deepEqual(
    application.optionalClaims?.idToken.map(({ name }) => name),
    ["sid", "login_hint"],
  );
  assert.deepEqual(application.requiredResourceAccess, [
    { resourceAppId: graphAppId, resourceAccess: [{ id: "e1fe6dd8-ba31-4d61-89e7-88639da4683d", type: "Scope" }] },
  ]);
  assert.deepEqual([application.passwordCredentials, application.keyCredentials], [[], []]);
  assert.deepEqual(
    application.appRoles.map(({ value, allowedMemberTypes }) => [value, allowedMemberTypes]),
    [
      ["Sessions.Manage", ["Application"]],
      ["Sessions.EndAll", ["Application"]],
    ],
  );
  assert.equal(application.api.requestedAccessTokenVersion, 2);
  assert.ok([...directory.servicePrincipals.values()].some(({ appId }) => appId === application.appId));
  const [credential, ...others] = directory.federatedCredentials(application.id);
  assert.deepEqual(others, []);
  assert.equal(credential?.issuer, `https://login.microsoftonline.com/${tenantId}/v2.0`);
  assert.equal(credential?.subject, identity.id);
  assert.deepEqual(credential?.audiences, ["api://AzureADTokenExchange"]);
});

test("in another cloud: the trust in its identities, its setting, its addresses", async () => {
  await using world = await startDirectory();
  const identity = world.graph.directory.putManagedIdentity("portal-identity");
  const args = [...toCreate, "--managed-identity", identity.appId, "--instance", "https://login.chinacloudapi.cn"];
  const scopes = "User.Read https://microsoftgraph.chinacloudapi.cn/Mail.Read";
  const report = (await world.succeed([...args, "--scope", scopes, "--json"])).report();

  const application = onlyApplication(world.graph);
  assert.equal(application.requiredResourceAccess[0]?.resourceAccess.length, 2);
  const [credential] = world.graph.directory.federatedCredentials(application.id);
  assert.equal(credential?.issuer, `https://login.partner.microsoftonline.cn/${tenantId}/v2.0`);
  assert.deepEqual(credential?.audiences, ["api://AzureADTokenExchangeChina"]);
  assert.equal(report.settings["AzureAd__Instance"], "https://login.chinacloudapi.cn/");
  assert.match(report.adminConsentUrl ?? "", /^https:\/\/login\.partner\.microsoftonline\.cn\//);
  assert.match(report.portalUrl ?? "", new RegExp(`^https://portal\\.azure\\.cn/#.*/appId/${application.appId}$`));
});

test("a second run writes nothing and says so", async () => {
  await using world = await startDirectory();
  const identity = world.graph.directory.putManagedIdentity("portal-identity");
  const args = [...toCreate, "--managed-identity", identity.id];
  await world.succeed(args);
  const again = await world.succeed(args);
  assert.deepEqual(again.writes, []);
  assert.match(again.output, /Everything is up to date; nothing was written\./);
  assert.equal((await world.succeed([...args, "--json"])).report().changed, false);
});

test("what is printed names each change, the settings, the Logout URL and what is left to consent to", async () => {
  await using world = await startDirectory();
  const { directory } = world.graph;
  const identity = directory.putManagedIdentity("portal-identity");
  const args = [...toCreate, "--managed-identity", identity.id, "--scope", "User.Read Directory.Read.All"];
  const { output } = await world.succeed(args);
  const { appId } = onlyApplication(world.graph);
  const readable = output
    .replaceAll(appId, "<client id>")
    .replaceAll(identity.id, "<principal id>")
    .replaceAll(identity.appId, "<identity's client id>");
  assert.equal(
    readable,
    `App registration "Contoso portal", client id <client id>, tenant ${tenantId}

Done
  created    application          Contoso portal
  added      sign-in audience     AzureADMyOrg
  added      redirect URI         https://app.example/auth/callback
  added      redirect URI         https://app.example/auth/signed-out
  added      Logout URL           https://app.example/auth/frontchannel-logout
  added      ID token claim       sid
  added      ID token claim       login_hint
  added      API permission       Microsoft Graph User.Read
  added      API permission       Microsoft Graph Directory.Read.All
  added      app role             Sessions.Manage
  added      app role             Sessions.EndAll
  added      access tokens        version 2
  created    service principal    in this tenant
  added      federated credential managed-identity-<principal id> (portal-identity)

Settings of the app
  PublicBaseUrl=https://app.example
  AzureAd__TenantId=${tenantId}
  AzureAd__ClientId=<client id>
  AzureAd__ClientCredentials__0__SourceType=SignedAssertionFromManagedIdentity
  AzureAd__ClientCredentials__0__ManagedIdentityClientId=<identity's client id>

Logout URL
  https://app.example/auth/frontchannel-logout

Consent
  Microsoft Graph User.Read           people may consent for themselves, if the tenant lets them
  Microsoft Graph Directory.Read.All  an administrator has to consent
  An administrator consents for everyone in the tenant at
  https://login.microsoftonline.com/${tenantId}/adminconsent?client_id=<client id>&redirect_uri=https%3A%2F%2Fapp.example%2Fauth%2Fsigned-out

Portal
  https://portal.azure.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Overview/appId/<client id>

Notes
  It can take some minutes until Microsoft Entra accepts a new federated credential.
  For Directory__Notifications, an administrator gives "portal-identity" the application permission User.Read.All of Microsoft Graph: docs/directory.md.
`,
  );
});

test("a dry run shows the same difference and sends no write", async () => {
  await using world = await startDirectory();
  const dry = await world.succeed([...toCreate, "--dry-run"]);
  assert.deepEqual(dry.writes, []);
  assert.equal(world.graph.directory.applications.size, 0);
  assert.match(dry.output, /client id not registered yet/);
  assert.match(
    dry.output,
    /Dry run, nothing was written\. A run would\n {2}create {5}application {10}Contoso portal\n/,
  );
  assert.match(dry.output, / {2}add {8}Logout URL {11}https:\/\/app\.example\/auth\/frontchannel-logout\n/);
  assert.match(dry.output, /AzureAd__ClientId=\(known when it is created\)/);

  const planned = (await world.succeed([...toCreate, "--dry-run", "--json"])).report();
  const done = (await world.succeed([...toCreate, "--json"])).report();
  assert.deepEqual(planned.changes, done.changes);
  assert.deepEqual([planned.dryRun, planned.changed, done.dryRun, done.changed], [true, true, false, true]);
});

test("--json is the whole report", async () => {
  await using world = await startDirectory();
  const report = (await world.succeed([...toCreate, "--json"])).report();
  const { appId } = onlyApplication(world.graph);
  assert.equal(report.clientId, appId);
  assert.equal(report.logoutUrl, `${baseUrl}/auth/frontchannel-logout`);
  assert.deepEqual(report.settings, {
    PublicBaseUrl: baseUrl,
    AzureAd__TenantId: tenantId,
    AzureAd__ClientId: appId,
  });
  assert.deepEqual(report.consent, [
    { permission: "User.Read", api: "Microsoft Graph", needsAdministrator: false, consented: false },
  ]);
  assert.match(report.notes.join("\n"), /No managed identity was given/);
  assert.match(report.notes.join("\n"), /Directory__Notifications, .* this registration .* User\.Read\.All/);
});

test("a multi-tenant registration lets organizations in and says that each consents for itself", async () => {
  await using world = await startDirectory();
  const { output } = await world.succeed([...toCreate, "--sign-in-audience", "multi-tenant"]);
  assert.equal(onlyApplication(world.graph).signInAudience, "AzureADMultipleOrgs");
  assert.match(output, /AzureAd__TenantId=organizations\n/);
  assert.match(output, /unless AzureAd__AllowedTenants names/);
});

test("over http://localhost there is no Logout URL, and the output says what that means", async () => {
  await using world = await startDirectory();
  const { output } = await world.succeed(["--base-url", "http://localhost:7071", "--name", "Portal here"]);
  const { web } = onlyApplication(world.graph);
  assert.deepEqual(web.redirectUris, ["http://localhost:7071/auth/callback", "http://localhost:7071/auth/signed-out"]);
  assert.equal(web.logoutUrl, null);
  assert.match(output, /a sign-out that begins elsewhere does not reach http:\/\/localhost:7071/);
});

test("permissions of any API are found by its application id URI, its client id or Graph's own URI", async () => {
  await using world = await startDirectory();
  const orders = world.graph.directory.putServicePrincipal({
    displayName: "Orders",
    servicePrincipalNames: ["api://orders.contoso.example"],
    oauth2PermissionScopes: [
      { id: "5e4e0f3b-8a1b-4d7a-9c0e-3a3f1f5e6b01", value: "Orders.Read", type: "User", isEnabled: true },
      { id: "5e4e0f3b-8a1b-4d7a-9c0e-3a3f1f5e6b02", value: "Orders.Write", type: "Admin", isEnabled: true },
    ],
  });
  const scopes = ["api://orders.contoso.example/Orders.Read", `${orders.appId}/Orders.Write`];
  const args = [...toCreate, "--scope", scopes.join(" "), "--scope", "https://graph.microsoft.com/Mail.Read Mail.Read"];
  await world.succeed(args);
  assert.deepEqual(
    onlyApplication(world.graph).requiredResourceAccess.map(({ resourceAppId, resourceAccess }) => [
      resourceAppId,
      resourceAccess.length,
    ]),
    [
      [orders.appId, 2],
      [graphAppId, 1],
    ],
  );
  assert.deepEqual((await world.succeed(args)).writes, []);
});

test("names that differ in anything make registrations of their own", async () => {
  await using world = await startDirectory();
  for (const name of ["Portal", "portal!", "ポータル", "O'Reilly's portal"]) {
    await world.succeed(["--base-url", baseUrl, "--name", name]);
    assert.deepEqual((await world.succeed(["--base-url", baseUrl, "--name", name])).writes, []);
  }
  assert.equal(world.graph.directory.applications.size, 4);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Application } from "@entra-functions-bff/development/graph";
import {
  baseUrl,
  startDirectory,
  onlyApplication,
  tenantId,
  toCreate,
  type Directory,
} from "./app-registration-harness.ts";

const graphAppId = "00000003-0000-0000-c000-000000000000";
const calendarsRead = { id: "465a38f9-76ea-45b9-9f34-9e8b0d4b0b42", type: "Scope" } as const;
const userRead = { id: "e1fe6dd8-ba31-4d61-89e7-88639da4683d", type: "Scope" } as const;
const someApi = { resourceAppId: "11111111-2222-4333-8444-555555555555", resourceAccess: [calendarsRead] };

/** A registration that somebody made in the portal and uses for other things too. */
function madeByHand({ graph }: Directory): Application {
  return graph.directory.putApplication({
    displayName: "By hand",
    tags: ["kept"],
    web: {
      redirectUris: ["http://localhost:3000/callback", "https://other.example/auth/callback"],
      homePageUrl: "https://contoso.example",
      logoutUrl: "https://other.example/auth/frontchannel-logout",
      implicitGrantSettings: { enableIdTokenIssuance: true, enableAccessTokenIssuance: false },
    },
    optionalClaims: {
      idToken: [{ name: "ctry", source: null, essential: true, additionalProperties: ["x"] }],
      accessToken: [{ name: "ipaddr", source: null, essential: false, additionalProperties: [] }],
      saml2Token: [],
    },
    requiredResourceAccess: [someApi, { resourceAppId: graphAppId, resourceAccess: [calendarsRead] }],
  });
}

test("updating by client id keeps what other deployments and people registered", async () => {
  await using world = await startDirectory();
  const before = madeByHand(world);
  const { directory } = world.graph;
  directory.putFederatedCredential(before.id, { name: "github", issuer: "https://token.example", subject: "repo:x" });
  const identity = directory.putManagedIdentity("portal-identity");
  const args = ["--base-url", baseUrl, "--client-id", before.appId, "--managed-identity", identity.id];
  await world.succeed(args);

  const after = onlyApplication(world.graph);
  assert.deepEqual([after.displayName, after.tags, after.signInAudience], ["By hand", ["kept"], "AzureADMyOrg"]);
  assert.deepEqual(after.web.redirectUris, [
    "http://localhost:3000/callback",
    "https://other.example/auth/callback",
    `${baseUrl}/auth/callback`,
    `${baseUrl}/auth/signed-out`,
  ]);
  assert.equal(after.web.homePageUrl, "https://contoso.example");
  assert.equal(after.web.logoutUrl, `${baseUrl}/auth/frontchannel-logout`);
  assert.equal(after.web.implicitGrantSettings.enableIdTokenIssuance, false);
  assert.deepEqual(after.optionalClaims?.idToken[0], before.optionalClaims?.idToken[0]);
  assert.deepEqual(
    after.optionalClaims?.idToken.map(({ name }) => name),
    ["ctry", "sid", "login_hint"],
  );
  assert.deepEqual(after.optionalClaims?.accessToken, before.optionalClaims?.accessToken);
  assert.deepEqual(after.requiredResourceAccess, [
    someApi,
    { resourceAppId: graphAppId, resourceAccess: [calendarsRead, userRead] },
  ]);
  assert.deepEqual(
    directory.federatedCredentials(after.id).map(({ name }) => name),
    ["github", `managed-identity-${identity.id}`],
  );
  assert.deepEqual((await world.succeed(args)).writes, []);
});

test("the difference is told line by line, with the value that goes and what is kept", async () => {
  await using world = await startDirectory();
  const { appId } = madeByHand(world);
  const { output, writes } = await world.succeed(["--base-url", baseUrl, "--client-id", appId, "--dry-run"]);
  assert.deepEqual(writes, []);
  const difference = /A run would\n([\s\S]*?)\n\n/.exec(output)?.[1];
  assert.equal(
    difference,
    `  unchanged  display name         By hand
  unchanged  sign-in audience     AzureADMyOrg
  add        redirect URI         https://app.example/auth/callback
  add        redirect URI         https://app.example/auth/signed-out
  kept       redirect URI         http://localhost:3000/callback
  kept       redirect URI         https://other.example/auth/callback
  change     Logout URL           https://other.example/auth/frontchannel-logout -> https://app.example/auth/frontchannel-logout
  change     implicit grant       on -> off
  add        ID token claim       sid
  add        ID token claim       login_hint
  kept       ID token claim       ctry
  add        API permission       Microsoft Graph User.Read
  kept       API permission       2 more
  add        app role             Sessions.Manage
  add        app role             Sessions.EndAll
  change     access tokens        version 1 -> version 2
  create     service principal    in this tenant`,
  );
  assert.match(output, /If the app is no longer at https:\/\/other\.example, delete its redirect URIs\./);
});

test("only what differs is written, each complex value whole", async () => {
  await using world = await startDirectory();
  await world.succeed(toCreate);
  const application = onlyApplication(world.graph);
  const web = { ...application.web, logoutUrl: null, homePageUrl: "https://contoso.example" };
  world.graph.directory.putApplication({ ...application, web });
  const { writes } = await world.succeed(toCreate);
  assert.deepEqual(writes, [
    {
      path: `/v1.0/applications/${application.id}`,
      body: { web: { ...application.web, homePageUrl: "https://contoso.example" } },
    },
  ]);
});

const at = (path: string) => ["--base-url", `https://app.example${path}`, "--name", "Contoso portal"];

test("an app below another path of the same host is another app, with a registration of its own", async () => {
  await using world = await startDirectory();
  await world.succeed(at("/orders"));
  const { web } = onlyApplication(world.graph);
  assert.equal(web.logoutUrl, "https://app.example/orders/auth/frontchannel-logout");
  assert.deepEqual(
    web.redirectUris,
    ["callback", "signed-out"].map((step) => `https://app.example/orders/auth/${step}`),
  );
  assert.deepEqual((await world.succeed(at("/orders/"))).writes, []);
  for (const other of ["/billing", ""]) {
    const { message } = (await world.run([...at(other), "--json"])).failure();
    assert.match(message, /is for https:\/\/app\.example\/orders, and a registration has only one Logout URL/);
  }
});

test("an app that moved keeps its registration, when the client id says so", async () => {
  await using world = await startDirectory();
  await world.succeed(toCreate);
  const { appId } = onlyApplication(world.graph);
  const moved = ["--base-url", "https://new.example", "--name", "Contoso portal"];

  const refused = await world.run([...moved, "--json"]);
  assert.equal(refused.failure().code, "base_url_differs");
  assert.match(refused.failure().message, new RegExp(`for https://app\\.example.*--client-id ${appId}`, "s"));
  assert.deepEqual(refused.writes, []);

  await world.succeed([...moved, "--client-id", appId]);
  const { web } = onlyApplication(world.graph);
  assert.equal(web.logoutUrl, "https://new.example/auth/frontchannel-logout");
  assert.equal(web.redirectUris.length, 4);
  assert.deepEqual((await world.succeed(moved)).writes, [], "found by its name again");
});

test("running it for localhost leaves the deployment's Logout URL alone", async () => {
  await using world = await startDirectory();
  await world.succeed(toCreate);
  await world.succeed(["--base-url", "http://localhost:7071", "--name", "Contoso portal"]);
  const { web } = onlyApplication(world.graph);
  assert.equal(web.logoutUrl, `${baseUrl}/auth/frontchannel-logout`);
  assert.equal(web.redirectUris.length, 4);
});

test("who may sign in stays as it is unless it is said, also with personal accounts", async () => {
  await using world = await startDirectory();
  const signInAudience = "AzureADandPersonalMicrosoftAccount";
  const { appId } = world.graph.directory.putApplication({ displayName: "Everyone", signInAudience });
  const args = ["--base-url", baseUrl, "--client-id", appId];
  assert.match((await world.succeed(args)).output, /AzureAd__TenantId=common\n/);
  assert.equal(onlyApplication(world.graph).signInAudience, signInAudience);
  await world.succeed([...args, "--sign-in-audience", "single-tenant"]);
  assert.equal(onlyApplication(world.graph).signInAudience, "AzureADMyOrg");
});

test("a display name changed in the portal is set back, and the registration still found", async () => {
  await using world = await startDirectory();
  await world.succeed(toCreate);
  world.graph.directory.putApplication({ ...onlyApplication(world.graph), displayName: "Renamed" });
  const { output } = await world.succeed(toCreate);
  assert.match(output, /changed {4}display name {9}Renamed -> Contoso portal/);
});

test("consent that an administrator has given is not asked for again", async () => {
  await using world = await startDirectory();
  await world.succeed(toCreate);
  const { directory } = world.graph;
  const { appId } = onlyApplication(world.graph);
  const own = [...directory.servicePrincipals.values()].find((each) => each.appId === appId)?.id ?? "";
  const graphId = [...directory.servicePrincipals.values()].find((each) => each.appId === graphAppId)?.id ?? "";
  const json = async () => (await world.succeed([...toCreate, "--json"])).report();

  directory.grant({ clientId: own, resourceId: graphId, scope: " User.Read" }, "somebody");
  assert.equal((await json()).consent[0]?.consented, false, "one person's consent is theirs alone");
  directory.grant({ clientId: own, resourceId: graphId, scope: " openid User.Read" });
  const report = await json();
  assert.deepEqual([report.consent[0]?.consented, report.adminConsentUrl], [true, undefined]);
});

test("an operator who may not read consent is told so, and everything else is done", async () => {
  await using world = await startDirectory();
  await world.succeed(toCreate);
  world.graph.controls.deny({ path: /oauth2PermissionGrants/ });
  const { output, exitCode } = await world.run(toCreate);
  assert.equal(exitCode, 0);
  assert.match(output, /User\.Read {2}people may consent .* \(you may not read whether this has happened\)/);
});

test("a second deployment's identity is trusted beside the first one's", async () => {
  await using world = await startDirectory();
  const { directory } = world.graph;
  const [first, second] = [directory.putManagedIdentity("west"), directory.putManagedIdentity("north")];
  await world.succeed([...toCreate, "--managed-identity", first.id]);
  const { output } = await world.succeed([...toCreate, "--managed-identity", second.appId]);
  assert.match(output, new RegExp(`kept {7}federated credential managed-identity-${first.id}`));
  const credentials = directory.federatedCredentials(onlyApplication(world.graph).id);
  assert.deepEqual(
    credentials.map(({ subject }) => subject),
    [first.id, second.id],
  );
});

test("trust in the identity under another name is enough", async () => {
  await using world = await startDirectory();
  const { directory } = world.graph;
  await world.succeed(toCreate);
  const identity = directory.putManagedIdentity("portal-identity");
  directory.putFederatedCredential(onlyApplication(world.graph).id, {
    name: "made-in-the-portal",
    issuer: `https://login.microsoftonline.com/${tenantId}/v2.0`,
    subject: identity.id,
    audiences: ["api://AzureADTokenExchange"],
  });
  const { output, writes } = await world.succeed([...toCreate, "--managed-identity", identity.id]);
  assert.deepEqual(writes, []);
  assert.match(output, /unchanged {2}federated credential made-in-the-portal \(portal-identity\)/);
});

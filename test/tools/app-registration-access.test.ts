import assert from "node:assert/strict";
import { test } from "node:test";
import { baseUrl, onlyApplication, startDirectory, toCreate } from "./app-registration-harness.ts";

const ownRole = {
  id: "0c7f6c1e-9a51-4f0e-8a6e-6c4b8a2f9d10",
  value: "Orders.Approve",
  displayName: "Approve orders",
  description: "Approve orders.",
  allowedMemberTypes: ["User" as const],
  isEnabled: true,
  origin: "Application",
};
const scope = { id: crypto.randomUUID(), value: "Orders.Read", type: "User" as const, isEnabled: true };

test("the app roles for services come beside the registration's own roles, once", async () => {
  await using world = await startDirectory();
  await world.succeed(toCreate);
  const made = onlyApplication(world.graph);
  world.graph.directory.putApplication({ ...made, appRoles: [ownRole] });
  await world.succeed(toCreate);
  const { appRoles } = onlyApplication(world.graph);
  assert.deepEqual(
    appRoles.map(({ value }) => value),
    ["Orders.Approve", "Sessions.Manage", "Sessions.EndAll"],
  );
  // One that has the first of them, from an earlier version.
  world.graph.directory.putApplication({ ...onlyApplication(world.graph), appRoles: appRoles.slice(0, 2) });
  await world.succeed(toCreate);
  assert.equal(onlyApplication(world.graph).appRoles.length, 3);
  assert.deepEqual((await world.succeed(toCreate)).writes, []);
});

test("the version of access tokens stays where the registration offers scopes to others", async () => {
  await using world = await startDirectory();
  await world.succeed(toCreate);
  const made = onlyApplication(world.graph);
  const offering = { ...made.api, oauth2PermissionScopes: [scope], requestedAccessTokenVersion: null };
  world.graph.directory.putApplication({ ...made, api: offering });
  const { output, writes } = await world.succeed(toCreate);
  assert.match(output, /kept {7}access tokens {8}version 1, because it offers scopes to others/);
  assert.deepEqual(writes, []);
});

test("secrets and certificates beside the managed identity are told, and stay", async () => {
  await using world = await startDirectory();
  const { appId } = world.graph.directory.putManagedIdentity("portal-identity");
  const args = [...toCreate, "--managed-identity", appId];
  assert.doesNotMatch((await world.succeed(args)).output, /secrets or certificates/);
  const live = {
    keyId: crypto.randomUUID(),
    displayName: null,
    startDateTime: "",
    endDateTime: "2099-01-01T00:00:00Z",
  };
  const made = onlyApplication(world.graph);
  const keyCredentials = [{ ...live, type: "AsymmetricX509Cert", usage: "Verify" }];
  const expired = { ...live, endDateTime: "2020-01-01T00:00:00Z" };
  world.graph.directory.putApplication({ ...made, passwordCredentials: [live, expired], keyCredentials });
  assert.match((await world.succeed(args)).output, /has 2 secrets or certificates .* delete them/);
  assert.equal(onlyApplication(world.graph).passwordCredentials.length, 2);
});

test("when the only secret expires is a setting; of two, nobody knows which one the app uses", async () => {
  await using world = await startDirectory();
  await world.succeed(toCreate);
  const made = onlyApplication(world.graph);
  const secret = {
    keyId: crypto.randomUUID(),
    displayName: null,
    startDateTime: "",
    endDateTime: "2099-01-01T00:00:00Z",
  };
  const said = "AzureAd__ClientCredentials__0__ClientSecretExpires=";
  world.graph.directory.putApplication({ ...made, passwordCredentials: [secret] });
  assert.match((await world.succeed(toCreate)).output, new RegExp(`${said}2099-01-01T00:00:00Z`));
  world.graph.directory.putApplication({ ...made, passwordCredentials: [secret, secret] });
  assert.ok(!(await world.succeed(toCreate)).output.includes(said));
});

test("a disabled app and a required assignment are told, and stay as an administrator has set them", async () => {
  await using world = await startDirectory();
  await world.succeed(toCreate);
  const { directory } = world.graph;
  const { appId } = onlyApplication(world.graph);
  const principal = [...directory.servicePrincipals.values()].find((each) => each.appId === appId) ?? assert.fail();
  directory.putServicePrincipal({ ...principal, accountEnabled: false, appRoleAssignmentRequired: true });
  const { output, writes } = await world.succeed(["--base-url", baseUrl, "--client-id", appId]);
  assert.match(output, /Sign-in to the app is disabled .* nobody can sign in/);
  assert.match(output, /Assignment is required: .* an administrator has to consent/);
  assert.deepEqual(writes, []);
});

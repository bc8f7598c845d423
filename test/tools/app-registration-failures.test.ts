import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertFailure,
  baseUrl,
  startDirectory,
  fails,
  onlyApplication,
  tenantId,
  toCreate,
} from "./app-registration-harness.ts";

const unknownId = "99999999-9999-4999-8999-999999999999";

function and(...more: readonly string[]): readonly string[] {
  return [...toCreate, ...more];
}

test("not signed in: says how to, with the credentials' own reasons, and asks Graph nothing", async () => {
  await using world = await startDirectory();
  const reasons = ["Please run 'az login' to set up an account.", "AADSTS50076: use multi-factor authentication"];
  for (const reason of reasons) {
    const result = await world.run([...toCreate, "--json"], {
      credential: { getToken: async () => Promise.reject(new Error(reason)) },
    });
    assertFailure(result, "not_signed_in", /^Not signed in.*az login\n.*(set up an account|AADSTS50076)/s);
    assert.deepEqual(result.requests, []);
  }
  const nobody = await world.run(toCreate, { credential: { getToken: async () => null } });
  assert.match(nobody.errors, /^Not signed in/);
});

test("a sign-in that Graph does not accept any more", async () => {
  await using world = await startDirectory();
  world.graph.controls.refuseTokens();
  await fails(world, toCreate, "not_signed_in", /did not accept the sign-in.*InvalidAuthenticationToken.*request-id/s);
});

test("a token is asked for, once, for the Graph it is sent to and no other", async () => {
  await using world = await startDirectory();
  const { tokenScopes } = await world.succeed(toCreate);
  assert.deepEqual(tokenScopes, [`${world.graph.url}/.default`]);
});

test("insufficient privileges: says what was not allowed and which role allows it", async () => {
  await using world = await startDirectory();
  world.graph.controls.deny({ method: "PATCH" });
  await fails(
    world,
    toCreate,
    "insufficient_privileges",
    /^Not allowed to create the app registration\.\n.*Application Developer.*Application\.ReadWrite\.OwnedBy.*Authorization_RequestDenied/s,
  );
});

test("a failure half-way tells what has been written, and the next run goes on from there", async () => {
  await using world = await startDirectory();
  const identity = world.graph.directory.putManagedIdentity("portal-identity");
  const args = [...toCreate, "--managed-identity", identity.id];
  world.graph.controls.deny({ method: "PATCH", path: /federatedIdentityCredentials/ });
  const result = await fails(world, args, "insufficient_privileges", /write the federated credential/, [
    /^application created, client id [0-9a-f-]{36}$/,
    /^service principal created$/,
  ]);
  assert.equal(result.exitCode, 1);
  const text = (await world.run(args)).errors;
  assert.match(text, /^Not allowed to write the federated credential/);

  world.graph.controls.clear();
  assert.equal((await world.succeed(args)).writes.length, 1);
  assert.equal(world.graph.directory.federatedCredentials(onlyApplication(world.graph).id).length, 1);
});

test("unknown client id, permission, API, managed identity or tenant", async () => {
  await using world = await startDirectory();
  const { directory } = world.graph;
  await fails(world, and("--client-id", unknownId), "application_not_found", /client id 99999999.*--tenant-id/s);
  await fails(
    world,
    and("--scope", "User.Raed"),
    "scope_unknown",
    /Microsoft Graph has no delegated permission "User.Raed"/,
  );
  await fails(world, and("--scope", "user.read"), "scope_unknown", /Did you mean "User\.Read"\?/);
  await fails(world, and("--scope", "api://nowhere/Read"), "resource_unknown", /no API "api:\/\/nowhere"/);
  await fails(world, and("--scope", `${unknownId}/Read`), "resource_unknown", /no API "9999/);
  await fails(world, and("--managed-identity", unknownId), "managed_identity_unknown", /in the same tenant/);
  await fails(world, and("--tenant-id", unknownId), "tenant_differs", new RegExp(`for the tenant ${tenantId}, not`));
  const { id } = directory.putServicePrincipal({ displayName: "Some app" });
  await fails(
    world,
    and("--managed-identity", id),
    "managed_identity_unsuitable",
    /"Some app" is not a managed identity/,
  );
  const system = directory.putManagedIdentity("func-portal", "system-assigned");
  await fails(world, and("--managed-identity", system.id), "managed_identity_unsuitable", /only a user-assigned one/);
});

test("an operator who may not read the tenant names it", async () => {
  await using world = await startDirectory();
  world.graph.controls.deny({ path: /organization/ });
  await fails(world, toCreate, "insufficient_privileges", /--tenant-id to avoid that/);
  assert.equal((await world.succeed([...toCreate, "--tenant-id", tenantId, "--json"])).report().tenantId, tenantId);
});

test("a registration with the same display name is not taken over, however many there are", async () => {
  await using world = await startDirectory();
  const [one, two] = ["", ""].map(() => world.graph.directory.putApplication({ displayName: "Contoso portal" }));
  const refused = await fails(world, toCreate, "name_taken", /that this tool did not create/);
  for (const application of [one, two]) assert.ok(refused.failure().message.includes(application?.appId ?? "-"));
  assert.equal((await world.run([...toCreate, "--client-id", one?.appId ?? ""])).exitCode, 0);
});

test("a deleted registration keeps its name for a month: says what to do", async () => {
  await using world = await startDirectory();
  await world.succeed(toCreate);
  world.graph.directory.softDelete(onlyApplication(world.graph).id);
  await fails(
    world,
    toCreate,
    "unique_name_taken",
    /deleted\nless than 30 days ago.*restore it or delete it for good/s,
  );
});

test("another trust in the same identity stands in the way, and so do twenty of others", async () => {
  await using world = await startDirectory();
  const { directory } = world.graph;
  await world.succeed(toCreate);
  const { id } = onlyApplication(world.graph);
  const identity = directory.putManagedIdentity("portal-identity");
  const args = [...toCreate, "--managed-identity", identity.id];
  const issuer = `https://login.microsoftonline.com/${tenantId}/v2.0`;
  directory.putFederatedCredential(id, { name: "old", issuer, subject: identity.id, audiences: ["api://else"] });
  await fails(
    world,
    args,
    "federated_credential_conflict",
    /"old" trusts the same managed identity for .*api:\/\/else/,
  );

  for (let index = 0; index < 20; index++) {
    directory.putFederatedCredential(id, { name: index === 0 ? "old" : `other-${index}`, issuer, subject: `${index}` });
  }
  await fails(world, args, "federated_credential_conflict", /has 20 federated credentials/);
});

test("a trust that appears in the meantime is told as the conflict it is", async () => {
  await using world = await startDirectory();
  const { directory, controls } = world.graph;
  await world.succeed(toCreate);
  const identity = directory.putManagedIdentity("portal-identity");
  directory.putFederatedCredential(onlyApplication(world.graph).id, {
    name: "meanwhile",
    issuer: `https://login.microsoftonline.com/${tenantId}/v2.0`,
    subject: identity.id,
    audiences: ["api://else"],
  });
  controls.failNext({ method: "GET", path: /federatedId/ }, { type: "status", status: 200, body: { value: [] } });
  const args = [...toCreate, "--managed-identity", identity.id];
  await fails(
    world,
    args,
    "federated_credential_conflict",
    /there is another\.\nInvalidFederatedIdentityCredentialValue/,
  );
});

test("failures for people are a few lines on the error output", async () => {
  await using world = await startDirectory();
  const result = await world.run(["--base-url", baseUrl, "--client-id", unknownId]);
  assert.equal(result.output, "");
  assert.equal(
    result.errors,
    `There is no app registration with the client id ${unknownId} in this tenant.\n` +
      `Check the id, and --tenant-id if the registration is in another tenant.\n`,
  );
});

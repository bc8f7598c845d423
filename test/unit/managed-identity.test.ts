import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { AuthError } from "@azure/msal-node";
import { msalCredential } from "../../shared/identity/client-credential.ts";
import { managedIdentity } from "../../shared/core/managed-identity.ts";

/** The token endpoint that Azure App Service and Azure Functions put beside the app. */
describe("the managed identity of the function app", () => {
  const requests: { url: URL; header: string | undefined }[] = [];
  let answer: (response: ServerResponse) => void;
  const server = createServer((request: IncomingMessage, response) => {
    const header = request.headers["x-identity-header"];
    requests.push({ url: new URL(request.url ?? "", "http://endpoint"), header: header?.toString() });
    answer(response);
  });
  const issue = (token: string) => (response: ServerResponse) => {
    const resource = requests.at(-1)?.url.searchParams.get("resource");
    const expires_on = String(Math.floor(Date.now() / 1000) + 3600);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ access_token: token, expires_on, resource, token_type: "Bearer" }));
  };

  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    process.env["IDENTITY_ENDPOINT"] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/msi/token`;
    process.env["IDENTITY_HEADER"] = "of-this-machine";
  });
  beforeEach(() => {
    answer = issue("first");
  });
  afterEach(() => {
    requests.length = 0;
  });
  after(async () => {
    delete process.env["IDENTITY_ENDPOINT"];
    delete process.env["IDENTITY_HEADER"];
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  test("gets a token for the store, once for many operations", async () => {
    const identity = await managedIdentity(randomUUID());
    const scope = "https://account.documents.azure.example/.default";
    const { token, expiresOnTimestamp } = await identity.getToken([scope]);
    assert.equal(token, "first");
    assert.ok(expiresOnTimestamp > Date.now() + 3_500_000);
    answer = issue("second");
    assert.equal((await identity.getToken(scope)).token, "first");
    assert.equal(requests.length, 1);
    assert.equal(requests[0]?.url.searchParams.get("resource"), "https://account.documents.azure.example");
    assert.equal(requests[0]?.header, "of-this-machine");
  });

  test("is named by its client id where it is user-assigned, and not otherwise", async () => {
    const clientId = randomUUID();
    await (await managedIdentity(clientId)).getToken(`https://${randomUUID()}.example/.default`);
    await (await managedIdentity()).getToken(`https://${randomUUID()}.example/.default`);
    assert.deepEqual(
      requests.map(({ url }) => url.searchParams.get("client_id")),
      [clientId, null],
    );
  });

  test("proves the app to the identity provider", async () => {
    const { clientAssertion } = await msalCredential(
      { kind: "managedIdentity", clientId: randomUUID() },
      "app",
      "login.microsoftonline.com",
    );
    if (typeof clientAssertion !== "function") return assert.fail("no assertion");
    assert.equal(await clientAssertion({ clientId: "app" }), "first");
    assert.equal(requests[0]?.url.searchParams.get("resource"), "api://AzureADTokenExchange");
  });

  test("is asked once for all who prove the app at the same time", async () => {
    const { clientAssertion } = await msalCredential(
      { kind: "managedIdentity", clientId: randomUUID() },
      "app",
      "login.microsoftonline.com",
    );
    if (typeof clientAssertion !== "function") return assert.fail("no assertion");
    const prove = async () => clientAssertion({ clientId: "app" });
    assert.deepEqual(await Promise.all([prove(), prove(), prove()]), ["first", "first", "first"]);
    assert.equal(requests.length, 1);
  });

  const troubles: Readonly<Record<string, (response: ServerResponse) => void>> = {
    "a refusal": (response) => response.writeHead(400).end(JSON.stringify({ error: "invalid_grant", message: "no" })),
    "no JSON": (response) => response.end("<html>"),
    "an answer without a token": (response) => response.end("{}"),
    "no answer": () => undefined,
  };
  for (const [name, trouble] of Object.entries(troubles)) {
    test(`${name} is no answer of the token endpoint's, and ends in time`, async () => {
      answer = trouble;
      const { clientAssertion } = await msalCredential(
        { kind: "managedIdentity", clientId: randomUUID() },
        "app",
        "login.microsoftonline.com",
      );
      if (typeof clientAssertion !== "function") return assert.fail("no assertion");
      await assert.rejects(clientAssertion({ clientId: "app" }), (error: Error) => {
        assert.ok(!(error instanceof AuthError), "MSAL's own kind of error would be taken for a refused sign-in");
        return true;
      });
    });
  }
});

import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { startGraph } from "@entra-functions-bff/development/graph";
import type { Application } from "@entra-functions-bff/development/graph";

const graph = await startGraph({ port: 0 });
after(async () => graph.stop());
beforeEach(() => {
  graph.controls.lag(0);
  graph.controls.clear();
});

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly code: string;
  readonly message: string;
}

async function call(method: string, path: string, body?: unknown, prefer = ""): Promise<Answer> {
  const response = await fetch(`${graph.url}/v1.0${path}`, {
    method,
    headers: { authorization: "Bearer x", "content-type": "application/json", prefer },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  const { code = "", message = "" } = (answer["error"] ?? {}) as { code?: string; message?: string };
  return { status: response.status, body: answer, code, message };
}

async function upsert(path: string, body: unknown): Promise<Answer> {
  return call("PATCH", path, body, "create-if-missing");
}

async function created(uniqueName: string, body: object = {}): Promise<Application> {
  const answer = await upsert(`/applications(uniqueName='${uniqueName}')`, { displayName: uniqueName, ...body });
  assert.equal(answer.status, 201, answer.message);
  return answer.body as unknown as Application;
}

test("without a token there is nothing, and errors have Graph's envelope", async () => {
  const response = await fetch(`${graph.url}/v1.0/organization`);
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  assert.deepEqual([response.status, error["code"]], [401, "InvalidAuthenticationToken"]);
  const inner = error["innerError"] as Record<string, string>;
  assert.deepEqual(Object.keys(inner), ["date", "request-id", "client-request-id"]);
  assert.equal(inner["request-id"], response.headers.get("request-id"));
});

test("an upsert creates once, then updates; without Prefer it only updates", async () => {
  const path = "/applications(uniqueName='upserted')";
  assert.equal((await call("PATCH", path, { displayName: "A" })).status, 404);
  const { status, body } = await upsert(path, { displayName: "A" });
  assert.deepEqual([status, body["uniqueName"], body["signInAudience"]], [201, "upserted", "AzureADMyOrg"]);
  assert.equal((await upsert(path, { displayName: "B" })).status, 204);
  assert.equal((await call("GET", `${path}?$select=displayName`)).body["displayName"], "B");
  assert.match((await upsert("/applications(uniqueName='nameless')", {})).message, /displayName is required/);
});

test("a change merges complex values and replaces collections as a whole", async () => {
  const web = { redirectUris: ["https://a.example/1", "https://a.example/2"], logoutUrl: "https://a.example/out" };
  const { id } = await created("patched", { web, optionalClaims: { idToken: [{ name: "sid" }] } });
  const patch = { web: { redirectUris: ["https://a.example/3"] }, optionalClaims: { idToken: [] } };
  assert.equal((await call("PATCH", `/applications/${id}`, patch)).status, 204);
  const { body } = await call("GET", `/applications/${id}`);
  const changed = body as unknown as Application;
  assert.deepEqual(changed.web.redirectUris, ["https://a.example/3"]);
  assert.equal(changed.web.logoutUrl, "https://a.example/out");
  assert.deepEqual(changed.optionalClaims, { idToken: [], accessToken: [], saml2Token: [] });
});

const invalid: readonly (readonly [what: string, body: object])[] = [
  ["a property that does not exist", { redirectUris: [] }],
  ["one inside a complex value", { web: { redirectUrls: [] } }],
  ["an inherited name", { toString: "x" }],
  ["a redirect URI over http", { web: { redirectUris: ["http://a.example/x"] } }],
  ["a redirect URI that is no URL", { web: { redirectUris: ["/auth/callback"] } }],
  ["a redirect URI with a special character", { web: { redirectUris: ["https://a.example/(x)"] } }],
  ["a redirect URI with a fragment", { web: { redirectUris: ["https://a.example/x#y"] } }],
  ["a redirect URI twice", { web: { redirectUris: ["https://a.example/x", "https://a.example/x"] } }],
  ["a redirect URI that is too long", { web: { redirectUris: [`https://a.example/${"x".repeat(256)}`] } }],
  [
    "too many redirect URIs",
    { web: { redirectUris: Array.from({ length: 257 }, (_, i) => `https://a.example/${i}`) } },
  ],
  ["a Logout URL over http", { web: { logoutUrl: "http://a.example/out" } }],
  ["a Logout URL over http for localhost", { web: { logoutUrl: "http://localhost:7071/out" } }],
  ["a Logout URL that is too long", { web: { logoutUrl: `https://a.example/${"x".repeat(255)}` } }],
  ["no display name", { displayName: "" }],
  ["a display name that is too long", { displayName: "x".repeat(121) }],
  [
    "one that is too long for personal accounts",
    { displayName: "x".repeat(91), signInAudience: "PersonalMicrosoftAccount" },
  ],
  ["an unknown sign-in audience", { signInAudience: "Everyone" }],
  ["an optional claim without a name", { optionalClaims: { idToken: [{ essential: true }] } }],
  [
    "a permission without an id",
    { requiredResourceAccess: [{ resourceAppId: graph.directory.tenantId, resourceAccess: [{ type: "Scope" }] }] },
  ],
  ["an API that is no GUID", { requiredResourceAccess: [{ resourceAppId: "graph", resourceAccess: [] }] }],
  ["a tag with white space", { tags: ["a b"] }],
  ["a secret", { passwordCredentials: [] }],
];

test("an application is refused with", async (t) => {
  for (const [what, body] of invalid) {
    await t.test(what, async () => {
      const { status, code } = await upsert("/applications(uniqueName='refused')", { displayName: "Refused", ...body });
      assert.deepEqual([status, code], [400, "Request_BadRequest"]);
    });
  }
  assert.equal((await call("GET", "/applications(uniqueName='refused')")).status, 404);
});

test("redirect URIs may be http for localhost", async () => {
  const redirectUris = ["http://localhost:7071/a", "http://127.0.0.1:7071/b"];
  const { web } = await created("local", { web: { redirectUris } });
  assert.deepEqual(web?.redirectUris, redirectUris);
});

test("unique names are unique, immutable, and not free again after a deletion", async () => {
  const taken = await created("taken");
  const other = await created("other");
  const rename = (id: string, uniqueName: string) => call("PATCH", `/applications/${id}`, { uniqueName });
  assert.match((await rename(other.id, "free")).message, /immutable/);
  const nameless = graph.directory.putApplication({});
  assert.match((await rename(nameless.id, "taken")).message, /uniqueName already exists/);
  assert.equal((await rename(nameless.id, "backfilled")).status, 204);
  graph.directory.softDelete(taken.id);
  assert.equal((await call("GET", `/applications/${taken.id}`)).status, 404);
  assert.match((await upsert("/applications(uniqueName='taken')", { displayName: "x" })).message, /already exists/);
});

const credential = {
  issuer: "https://login.microsoftonline.com/x/v2.0",
  subject: "s",
  audiences: ["api://AzureADTokenExchange"],
};

test("a federated credential needs a name, issuer, subject and one audience, and is unique by issuer and subject", async () => {
  const { id, appId } = await created("federated");
  const write = async (name: string, body: object) =>
    upsert(`/applications/${id}/federatedIdentityCredentials(name='${name}')`, body);
  assert.equal((await write("first", credential)).status, 201);
  assert.equal((await write("first", { description: "again" })).status, 204);
  const refused: readonly (readonly [string, object, RegExp])[] = [
    ["second", credential, /must be unique/],
    ["a", { ...credential, subject: "t" }, /3 to 120/],
    ["-abc", { ...credential, subject: "t" }, /3 to 120/],
    ["second", { ...credential, subject: undefined }, /subject is required/],
    ["second", { ...credential, subject: "t", issuer: undefined }, /issuer is required/],
    ["second", { ...credential, subject: "t", audiences: [] }, /audiences is required/],
    ["second", { ...credential, subject: "t", audiences: ["a", "b"] }, /Invalid value/],
    ["second", { ...credential, subject: "t*" }, /Invalid value/],
    ["second", { ...credential, subject: "t".repeat(601) }, /Invalid value/],
    ["second", { ...credential, subject: "t", name: "x" }, /Invalid property 'name'/],
  ];
  for (const [name, body, message] of refused) {
    const answer = await write(name, body);
    assert.equal(answer.status, 400);
    assert.match(answer.message, message);
  }
  const { body } = await call("GET", `/applications(appId='${appId}')/federatedIdentityCredentials`);
  assert.equal((body["value"] as unknown[]).length, 1);
  for (let i = 0; i < 19; i++) assert.equal((await write(`name-${i}`, { ...credential, subject: `${i}` })).status, 201);
  assert.match((await write("one-more", { ...credential, subject: "more" })).message, /more than 20/);
});

test("a service principal needs an application that is seen already", async () => {
  graph.controls.lag(2);
  const { id, appId } = await created("lagging");
  const path = `/servicePrincipals(appId='${appId}')`;
  const early = await upsert(path, { displayName: "x" });
  assert.deepEqual([early.status, early.code], [400, "Request_BadRequest"]);
  assert.match(JSON.stringify(early.body), /NoBackingApplicationObject/);
  assert.equal((await call("GET", `/applications/${id}`)).status, 404);
  graph.controls.lag(0);
  assert.equal((await upsert(path, { displayName: "x" })).status, 201);
  assert.equal((await upsert(path, { displayName: "y" })).status, 204);
  assert.equal((await call("GET", `${path}?$select=displayName`)).body["displayName"], "y");
});

test("throttling says when to come back, and ends", async () => {
  graph.controls.throttle(1, 3);
  const response = await fetch(`${graph.url}/v1.0/organization`, { headers: { authorization: "Bearer x" } });
  assert.deepEqual([response.status, response.headers.get("retry-after")], [429, "3"]);
  assert.match(await response.text(), /TooManyRequests/);
  assert.equal((await call("GET", "/organization")).status, 200);
});

test("what is not known here is refused by name, and what is malformed as Graph would", async () => {
  const id = graph.directory.tenantId;
  const answers: readonly (readonly [method: string, path: string, status: number, message: RegExp, body?: unknown])[] =
    [
      ["POST", "/applications", 501, /local Microsoft Graph does not do this: POST \/v1\.0\/applications/, {}],
      ["DELETE", `/applications/${id}`, 501, /DELETE/],
      ["GET", "/users", 501, /GET users/],
      ["GET", `/applications/${id}/owners`, 501, /GET applications\/owners/],
      ["GET", "/applications?$expand=owners", 501, /the query option \$expand/],
      ["GET", "/applications?$filter=startswith(displayName,'a')", 501, /the filter startswith/],
      ["GET", "/applications(displayName='a')", 501, /the key displayName/],
      ["GET", "/applications/not-a-guid", 400, /Invalid object identifier/],
      ["GET", "/applications(appId='x')", 400, /Invalid value specified for the key/],
      ["GET", "/servicePrincipals?$select=nothing", 400, /Could not find a property named 'nothing'/],
      ["GET", "/applications?$top=0", 400, /Invalid page size/],
      ["GET", `/applications/${id}`, 404, /does not exist or one of its queried/],
      ["PATCH", "/applications(uniqueName='x')", 400, /Unable to read JSON/, "{"],
    ];
  for (const [method, path, status, message, body] of answers) {
    const answer = await call(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}`);
    assert.match(answer.message, message);
  }
});

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { decodeJwt } from "jose";
import { defaultTenantId, samplePeople } from "@entra-functions-bff/identity-provider/people";
import { assertProblem } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { startRecordingApi, type RecordingApi } from "../support/recording-api.ts";
import { apiSettings, freePorts, httpStreaming, signIn, startWorld, type World } from "../support/world.ts";

// The first of the sample people has the role Orders.Approve, the second has none.
const [approver, member] = samplePeople(defaultTenantId);
assert.ok(approver && member);
const subscriptionKey = "subscription-k3y-of-the-app";
/** Of the local app registration. */
const clientId = "6d2f0c8e-4b1a-4f7d-9c35-a8e1d07b9f42";

describe("an API that is called as its settings say", () => {
  let world: World;
  let client: Client;
  let api: RecordingApi;
  before(async () => {
    api = await startRecordingApi();
    const at = { BaseUrl: api.url };
    world = await startWorld({
      ports: await freePorts(),
      environment: {
        ...apiSettings("keyed", { ...at, Scopes: "User.Read", Headers__Ocp_Apim_Subscription_Key: subscriptionKey }),
        ...apiSettings("narrow", { ...at, Scopes: "User.Read", Methods: "GET", Paths: "items items/*" }),
        ...apiSettings("approvals", { ...at, Scopes: "User.Read", RequireRole: "Orders.Approve Orders.Admin" }),
        ...apiSettings("open", { ...at, Token: "Anonymous" }),
        ...apiSettings("public", { ...at, Token: "Anonymous", RequireSession: "false", Paths: "news" }),
        ...apiSettings("graph", { Methods: "POST", Paths: "none", RequireRole: "Orders.Admin", MaxRequestBytes: "0" }),
        ...apiSettings("slow", { ...at, Scopes: "User.Read", TimeoutSeconds: "1", IdleTimeoutSeconds: "1" }),
      },
    });
    client = world.client();
    await signIn(client, member.preferredUsername, "/healthz");
  });
  after(async () => {
    await world.stop();
    await api.stop();
  });
  beforeEach(() => {
    api.requests.splice(0);
    api.answer((response) => response.end("{}"));
  });

  it("with a fixed field, which is in no answer and no log", async () => {
    const answer = await client.fetch("/api/keyed/x", { headers: { "ocp-apim-subscription-key": "the browser's" } });
    assert.equal(answer.status, 200);
    assert.equal(api.requests[0]?.headers["ocp-apim-subscription-key"], subscriptionKey);
    api.answer((response) => response.destroy());
    assertProblem(await client.fetch("/api/keyed/x"), 502, "api_unavailable");
    assert.ok(!world.log().includes(subscriptionKey));
  });

  it("only by methods and on paths that are open to browsers", async () => {
    for (const path of ["items", "items/1", "items/1?x=1"]) {
      assert.equal((await client.fetch(`/api/narrow/${path}`)).status, 200, path);
    }
    for (const path of ["", "admin", "items/1/2", "Items"]) {
      assertProblem(await client.fetch(`/api/narrow/${path}`), 403, "api_path_not_allowed");
    }
    const own = { origin: world.publicBaseUrl, "sec-fetch-site": "same-origin" };
    const refused = await client.fetch("/api/narrow/items", { method: "DELETE", headers: own });
    assertProblem(refused, 405, "method_not_allowed");
    assert.equal(refused.headers.allow, "GET, HEAD");
    assert.equal(api.requests.length, 3);
  });

  it("only for people with a role that it needs", async () => {
    assertProblem(await client.fetch("/api/approvals/x"), 403, "role_required");
    const other = world.client();
    await signIn(other, approver.preferredUsername, "/healthz");
    assert.equal((await other.fetch("/api/approvals/x")).status, 200);
    assert.equal(api.requests.length, 1);
  });

  it("by browsers; the app's own functions may call all of it", async () => {
    assertProblem(await client.fetch("/api/graph/me"), 403, "role_required");
    assert.equal((await client.fetch("/me/profile")).status, 200);
  });

  it("without a token, for people who are signed in", async () => {
    assert.equal((await client.fetch("/api/open/x")).status, 200);
    assert.equal(api.requests[0]?.headers["authorization"], undefined);
    assertProblem(await client.fetch("/api/open/x", { anonymous: true }), 401, "signin_required");
  });

  it("without a session, if that is said, too: without a look at the store, and not for other sites", async () => {
    world.cosmos.operations.clear();
    for (const anonymous of [true, false]) {
      assert.equal((await client.fetch("/api/public/news", { anonymous })).status, 200);
    }
    const { cookie, authorization } = api.requests[1]?.headers ?? {};
    assert.deepEqual([api.requests.length, cookie, authorization], [2, undefined, undefined]);
    assert.deepEqual(world.cosmos.operations.all(), []);
    const crossSite = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    const elsewhere = await client.fetch("/api/public/news", { anonymous: true, headers: crossSite });
    assertProblem(elsewhere, 403, "cross_site_request");
    assertProblem(await client.fetch("/api/public/drafts", { anonymous: true }), 403, "api_path_not_allowed");
    // Nobody learns without a session which APIs there are.
    assertProblem(await client.fetch("/api/none/x", { anonymous: true }), 401, "signin_required");
    assert.equal(api.requests.length, 2);
  });

  it("for as long as it may take, and not longer", async () => {
    api.answer(() => undefined);
    assertProblem(await client.fetch("/api/slow/x"), 504, "api_timeout");
    if (!httpStreaming) {
      api.answer((response) => response.writeHead(200).write("begun"));
      assertProblem(await client.fetch("/api/slow/x"), 504, "api_timeout");
    }
    api.answer((response) => void setTimeout(() => response.end("late"), 700));
    assert.equal((await client.fetch("/api/slow/x")).body, "late");
  });

  it("not while it is down", async () => {
    api.answer((response) => response.destroy());
    const own = { origin: world.publicBaseUrl, "sec-fetch-site": "same-origin" };
    for (let count = 0; count < 5; count++) {
      assertProblem(await client.fetch("/api/open/x", { method: "POST", headers: own }), 502, "api_unavailable");
    }
    const answer = await client.fetch("/api/open/x");
    assertProblem(answer, 503, "api_down");
    assert.ok(Number(answer.headers["retry-after"]) > 0);
    assert.equal(api.requests.length, 5);
  });
});

describe("an API that is called with the app's own token", () => {
  let world: World;
  let client: Client;
  let api: RecordingApi;
  before(async () => {
    api = await startRecordingApi();
    const scope = `api://${clientId}/.default`;
    world = await startWorld({
      environment: apiSettings("jobs", { BaseUrl: api.url, Token: "AppToken", Scopes: scope }),
    });
    client = world.client();
    await signIn(client, "ada@contoso.example", "/healthz");
  });
  after(async () => {
    await world.stop();
    await api.stop();
  });

  it("gets it, the same for everybody, and people sign in without it", async () => {
    const other = world.client();
    await signIn(other, "bruno@contoso.example", "/healthz");
    for (const each of [client, other]) assert.equal((await each.fetch("/api/jobs/x")).status, 200);
    const [one, two] = api.requests.map(({ headers }) => headers["authorization"]);
    assert.equal(one, two);
    const claims = decodeJwt(String(one).replace("Bearer ", ""));
    assert.deepEqual([claims["idtyp"], claims["aud"]], ["app", clientId]);
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
  });

  it("gets another one when it refuses the first", async () => {
    api.answer((response) => response.writeHead(401).end());
    assertProblem(await client.fetch("/api/jobs/x"), 502, "api_refused_token");
    api.answer((response) => response.end("{}"));
    assert.equal((await client.fetch("/api/jobs/x")).status, 200);
  });
});

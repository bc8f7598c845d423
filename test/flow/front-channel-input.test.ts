import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { defaultTenantId, otherTenantId } from "@entra-functions-bff/identity-provider/people";
import { assertProblem } from "../support/assertions.ts";
import type { Answer, Client } from "../support/http-client.ts";
import { frontChannel, sidOf } from "../support/sign-out.ts";
import { accountDocument, dumpStore, startFresh } from "../support/store.ts";
import { ownForm, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";

describe("the Logout URL, which anybody can call", () => {
  let world: World;
  let client: Client;
  let multiTenant: number;
  before(async () => {
    world = await startWorld();
    await world.startInstance({ AzureAd__TenantId: "organizations" });
    multiTenant = world.instances.length - 1;
  });
  after(() => world.stop());
  beforeEach(async () => {
    await startFresh(world);
    client = world.client();
    await signIn(client, ada, "/healthz");
  });

  const call = (query: string, browser = client) => frontChannel(browser, query);
  const issuer = (tenant = defaultTenantId) => `${world.identityProvider.instance}${tenant}/v2.0`;
  const account = () => accountDocument(world, sessionOf(client).accountKey);

  /** 200, never stored, and frameable by the identity provider's page. */
  function expectDone(answer: Answer): void {
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.equal(answer.headers["x-frame-options"], undefined);
    const policy = String(answer.headers["content-security-policy"]);
    assert.match(policy, new RegExp(`frame-ancestors [^;]*${world.identityProvider.publicUrl}`));
    assert.equal(answer.headers["set-cookie"], undefined);
  }

  it("with the sid alone, without a cookie: the account is gone", async () => {
    expectDone(await call(`sid=${sidOf(world, ada)}`));
    assert.equal(await account(), undefined);
    assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });

  it("with the sid and the right issuer: the account is gone", async () => {
    expectDone(await call(`iss=${encodeURIComponent(issuer())}&sid=${sidOf(world, ada)}`));
    assert.equal(await account(), undefined);
  });

  it("with the sid in the frame of the identity provider's page, under any name of its parameters' order", async () => {
    expectDone(await call(`x=1&sid=${sidOf(world, ada)}&iss=`));
    assert.equal(await account(), undefined);
  });

  it("on an instance just started: the account is gone, and the frame may be shown", async () => {
    await world.startInstance();
    expectDone(await call(`sid=${sidOf(world, ada)}`, world.client(world.instances.length - 1)));
    assert.equal(await account(), undefined);
  });

  it("for a person's navigation too", async () => {
    const headers = { accept: "text/html", "sec-fetch-dest": "iframe", "sec-fetch-site": "cross-site" };
    expectDone(await client.fetch(`/auth/frontchannel-logout?sid=${sidOf(world, ada)}`, { headers, anonymous: true }));
    assert.equal(await account(), undefined);
  });

  const foreignIssuers = (): readonly string[] => [
    "https://evil.example/v2.0",
    issuer(otherTenantId),
    `${issuer()}/`,
    issuer().replace("https:", "http:"),
    issuer().replace("/v2.0", ""),
    issuer().toUpperCase(),
    ` ${issuer()}`,
    `${issuer()}#`,
    issuer("common"),
    issuer("{tenantid}"),
    "null",
    "\u0000",
  ];

  it("with the sid and a foreign issuer: refused, nothing changes", async () => {
    const stored = await dumpStore(world);
    for (const foreign of foreignIssuers()) {
      const answer = await call(`sid=${sidOf(world, ada)}&iss=${encodeURIComponent(foreign)}`);
      assert.equal(answer.status, 400, foreign);
      assertProblem(answer, 400, "issuer_unknown");
    }
    assertProblem(await call(`sid=${sidOf(world, ada)}&iss=a&iss=b`), 400, "invalid_request");
    assert.deepEqual(await dumpStore(world), stored);
  });

  it("of an app for several tenants: any tenant's issuer is right, nothing else is", async () => {
    const browser = world.client(multiTenant);
    const accepted = [issuer(), issuer(otherTenantId)];
    for (const iss of accepted) expectDone(await call(`sid=some&iss=${encodeURIComponent(iss)}`, browser));
    const refused = foreignIssuers().filter((iss) => !accepted.includes(iss));
    for (const iss of [...refused, issuer(`${defaultTenantId}/x`), issuer("../evil")]) {
      assertProblem(await call(`sid=some&iss=${encodeURIComponent(iss)}`, browser), 400, "issuer_unknown");
    }
  });

  it("without a sid, with several, with an empty or a huge one: refused, nothing changes", async () => {
    const stored = await dumpStore(world);
    const sid = sidOf(world, ada);
    for (const query of [
      "",
      "sid=",
      "iss=",
      `SID=${sid}`,
      `sid=${sid}&sid=${sid}`,
      `sid=a&sid=b`,
      `sid=${"a".repeat(513)}`,
    ]) {
      assertProblem(await call(query), 400, "invalid_request");
    }
    assert.ok([400, 414].includes((await call(`sid=${"a".repeat(9_000)}`)).status));
    assert.deepEqual(await dumpStore(world), stored);
  });

  it("with a sid that nobody has: done, and a mark is all that it leaves", async () => {
    const stored = await dumpStore(world);
    const unknown = [
      "unknown",
      "\u0000",
      "../../x",
      "%00",
      "é".repeat(512),
      sidOf(world, ada).toUpperCase(),
      `${sidOf(world, ada)} `,
    ];
    for (const sid of unknown) expectDone(await call(`sid=${encodeURIComponent(sid)}`));
    const now = await dumpStore(world);
    assert.deepEqual(now.accounts, stored.accounts);
    const added = Object.entries(now.sids).filter(([id]) => !(id in stored.sids));
    assert.equal(added.length, unknown.length);
    for (const [, text] of added) {
      const mark = JSON.parse(text.slice(text.indexOf("{"))) as Record<string, unknown>;
      assert.equal(mark["accountKey"], null);
      assert.ok(Number(mark["ttl"]) <= 16 * 60);
    }
    for (const sid of unknown) expectDone(await call(`sid=${encodeURIComponent(sid)}`));
    const again = await dumpStore(world);
    assert.deepEqual(again.accounts, stored.accounts);
    assert.deepEqual(Object.keys(again.sids).sort(), Object.keys(now.sids).sort());
    assert.equal((await client.fetch("/auth/me")).status, 200);
  });

  it("with the sid of an older session: done, and the newer session stays", async () => {
    const old = sidOf(world, ada);
    await client.fetch("/auth/logout", ownForm(world.publicBaseUrl));
    const fresh = world.client();
    await signIn(fresh, ada, "/healthz");
    const { accounts } = await dumpStore(world);
    for (let times = 0; times < 2; times++) expectDone(await call(`sid=${old}`));
    assert.deepEqual((await dumpStore(world)).accounts, accounts);
    assert.equal((await fresh.fetch("/api/graph/me")).status, 200);
  });

  it("with the sid of an older session that was signed out here: done, and the newer session stays", async () => {
    const old = sidOf(world, ada);
    expectDone(await call(`sid=${old}`));
    const fresh = world.client();
    await signIn(fresh, ada, "/healthz");
    const { accounts } = await dumpStore(world);
    expectDone(await call(`sid=${old}`));
    assert.deepEqual((await dumpStore(world)).accounts, accounts);
  });

  it("with one person's sid and another one's cookie: the sid counts", async () => {
    const other = world.client();
    await signIn(other, "bruno@contoso.example", "/healthz");
    const answer = await other.fetch(`/auth/frontchannel-logout?sid=${sidOf(world, ada)}`);
    assert.equal(answer.status, 200);
    assert.equal(await account(), undefined);
    assert.equal((await other.fetch("/auth/me")).status, 200);
  });

  it("by another method: no such route, nothing changes", async () => {
    const stored = await dumpStore(world);
    for (const method of ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"]) {
      const answer = await client.fetch(`/auth/frontchannel-logout?sid=${sidOf(world, ada)}`, { method });
      assert.equal(answer.status, 404, method);
    }
    assert.deepEqual(await dumpStore(world), stored);
  });
});

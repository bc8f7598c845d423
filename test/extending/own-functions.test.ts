import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { defaultTenantId, samplePeople } from "@entra-functions-bff/identity-provider/people";
import type { Client } from "../support/http-client.ts";
import { buildOwnApp } from "./build-own-app.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const own = { "sec-fetch-site": "same-origin" };
const navigation = { accept: "text/html", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };

const group = "0b9d7b3e-6c0e-4d5b-9a74-0d2c8e51b6af";
const [ada, ...others] = samplePeople(defaultTenantId);
const [second, third] = others;
assert.ok(ada && second && third);
const approver = { ...ada, groups: [group] };
const reader = { ...second, roles: ["Orders.Read"] };
const member = { ...third, groups: "too many" } as const;
const people = [approver, reader, member];

interface Told {
  readonly account: string;
  readonly session?: string;
  readonly sessions?: readonly string[];
}

const approve = async (browser: Client) => browser.fetch("/orders/17/approval", { method: "POST", headers: own });

describe("an app with functions of its own", () => {
  let appFolder: string;
  let world: World;
  let client: Client;
  before(async () => {
    appFolder = await buildOwnApp();
    world = await startWorld({ appFolder, people, registration: { optionalClaims: ["sid", "login_hint", "email"] } });
    client = world.client();
    await signIn(client, "ada@contoso.example", "/healthz");
  });
  after(async () => {
    await world.stop();
    await rm(appFolder, { recursive: true, force: true });
  });

  const post = async (path: string, type: string, body: string, headers: Record<string, string> = own) =>
    client.fetch(path, { method: "POST", body, headers: { "content-type": type, ...headers } });

  it("has them for signed-in people only, with what is public of the session and no more", async () => {
    const { status, body } = await world.client().fetch("/orders/17");
    assert.equal(status, 401);
    assert.equal((JSON.parse(body) as { code: string }).code, "signin_required");
    const answer = await client.fetch("/orders/17");
    const expected = { id: "17", session: ["claims", "fetch", "getToken"], aborted: false };
    assert.deepEqual(answer.json(), expected);
  });

  it("answers for their errors, and tells nobody what an unforeseen one says", async () => {
    const missing = await client.fetch("/orders/0");
    assert.deepEqual([missing.status, (missing.json() as { code: string }).code], [404, "not_found"]);
    const broken = await client.fetch("/orders/broken");
    assert.deepEqual([broken.status, (broken.json() as { code: string }).code], [500, "internal_error"]);
    assert.doesNotMatch(broken.body, /secret/);
  });

  it("takes JSON and forms from its own pages, and refuses what is neither as the caller's mistake", async () => {
    const json = await post("/orders", "application/json", '{"item":"lamp"}');
    assert.deepEqual([json.status, json.json()], [201, { item: "lamp" }]);
    const form = await post("/order-form", "application/x-www-form-urlencoded", "item=lamp&count=2");
    assert.deepEqual(form.json(), { item: "lamp", count: "2" });
    for (const path of ["/orders", "/order-form"]) {
      const { status, body } = await post(path, "application/json", '{"item":');
      assert.deepEqual([path, status, (JSON.parse(body) as { code: string }).code], [path, 400, "invalid_request"]);
    }
    const foreign = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
    assert.equal((await post("/orders", "application/json", "{}", foreign)).status, 403);
    assert.equal((await post("/orders", "application/json", "{}", {})).status, 403);
  });

  it("keeps links of other sites from a GET that is not for them", async () => {
    const fromMail = { ...navigation, "sec-fetch-site": "cross-site" };
    assert.equal((await client.fetch("/orders/17", { headers: fromMail })).status, 200);
    assert.equal((await client.fetch("/order-effect", { headers: fromMail })).status, 403);
    assert.equal((await client.fetch("/order-effect", { headers: { ...navigation, ...own } })).status, 200);
  });

  const permissionsOf = async (username: string) => {
    const browser = world.client();
    await signIn(browser, username, "/healthz");
    return (await browser.fetch("/permissions")).json();
  };

  it("lets only people with one of the roles in", async () => {
    assert.deepEqual((await approve(client)).json(), { roles: ["Orders.Approve"] });
    for (const { preferredUsername } of [reader, member]) {
      const other = world.client();
      await signIn(other, preferredUsername, "/healthz");
      const { status, body } = await approve(other);
      assert.deepEqual([status, (JSON.parse(body) as { code: string }).code], [403, "role_required"]);
    }
    assert.equal((await approve(world.client())).status, 401);
  });

  it("knows roles, groups and the further claims that it names, and tells too many groups from none", async () => {
    const further = { email: approver.email };
    assert.deepEqual(await permissionsOf(approver.preferredUsername), {
      roles: ["Orders.Approve"],
      groups: [group],
      further,
    });
    const { roles, groups } = await permissionsOf(reader.preferredUsername);
    assert.deepEqual([roles, groups], [["Orders.Read"], []]);
    const many = await permissionsOf(member.preferredUsername);
    assert.deepEqual([many["roles"], "groups" in many], [[], false]);
  });

  it("is told who signs in and out, and cannot keep anybody from it", async () => {
    const browser = world.client();
    await signIn(browser, member.preferredUsername, "/healthz");
    const { accountKey: account } = sessionOf(browser);
    const { sessions } = (await browser.fetch("/auth/sessions")).json() as {
      sessions: { id: string; current: boolean }[];
    };
    const session = sessions.find(({ current }) => current)?.id;
    await browser.fetch("/auth/sessions", { method: "DELETE", headers: own });
    const { told } = (await client.fetch("/told")).json() as { told: Told[] };
    const ofMember = told.filter((event) => event.account === account);
    const { sessions: ended = [], ...ending } = ofMember.at(-1) ?? {};
    assert.deepEqual(new Set(ended), new Set(sessions.map(({ id }) => id)));
    assert.deepEqual(ending, { account, isLast: true, origin: "sessions_page" });
    const beginning = ofMember.find((event) => event.session === session);
    assert.deepEqual(beginning, { account, session, roles: [] });
    assert.match(world.log(), /"event":"hook_failed","hook":"onSignedIn","reason":"failed"/);
  });

  it("still answers every other address", async () => {
    const { status, body } = await client.fetch("/order");
    assert.deepEqual([status, (JSON.parse(body) as { code: string }).code], [404, "not_found"]);
  });

  it("has its name on every page", async () => {
    for (const path of ["/", "/nowhere", "/auth/logout", "/auth/frontchannel-logout?sid=unknown", "/orders/0"]) {
      const { body } = await client.fetch(path, { headers: { ...navigation, ...own } });
      assert.match(body, /Contoso &lt;Orders&gt;/, path);
      assert.doesNotMatch(body, /Entra Functions BFF/, path);
    }
  });

  it("says everywhere that its settings are broken, also by its name", async () => {
    await world.startInstance({ AzureAd__ClientId: "not an id" });
    const broken = world.client(1);
    for (const path of ["/orders/17", "/"]) {
      const { status, body } = await broken.fetch(path, { headers: { ...navigation, ...own } });
      assert.equal(status, 503);
      assert.match(body, /Contoso &lt;Orders&gt;/);
    }
    assert.equal((await broken.fetch("/healthz")).status, 200);
    assert.equal((await broken.fetch("/readyz")).status, 503);
  });
});

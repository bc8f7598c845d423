import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { startUserDirectory, type UserDirectory } from "../src/user-directory/service.ts";

const tenantId = "3f1b7a52-6c0e-4d5b-9a74-0d2c8e51b6af";
const ids = [1, 2, 3].map((number) => `0c2e9d84-7f13-4a6b-b5d8-91e3c7a4f25${number}`);
const [ada = "", bruno = "", zoe = ""] = ids;

/** A request that an app has got. */
interface Received {
  readonly url: URL;
  readonly body: string;
}

describe("the users of Microsoft Graph", () => {
  let directory: UserDirectory;
  let app: Server;
  let address: string;
  let received: Received[];
  /** What the app answers; by default it shakes hands, and accepts. */
  let answer: (asked: Received) => { readonly status: number; readonly body?: string; readonly type?: string };
  before(async () => {
    app = createServer((request, response) => {
      void serve(request, response);
    });
    await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(app.address() as AddressInfo).port}/notifications`;
  });
  after(() => void app.close());
  beforeEach(async () => {
    received = [];
    answer = ({ url }) => ({
      status: url.search === "" ? 202 : 200,
      body: url.searchParams.get("validationToken") ?? "",
    });
    const rolesOf = new Map([
      ["good", ["User.Read.All"]],
      ["other", ["Mail.Read"]],
    ]);
    const users = ids.map((id) => ({ id, displayName: id }));
    directory = await startUserDirectory({ port: 0, tenantId, users, rolesIn: async (token) => rolesOf.get(token) });
    directory.controls.delivery.retryAfterMs = 5;
  });
  afterEach(() => directory.stop());

  async function serve(request: IncomingMessage, response: ServerResponse) {
    const asked = { url: new URL(request.url ?? "/", address), body: await bodyOf(request) };
    received.push(asked);
    const { status, body = "", type = "text/plain" } = answer(asked);
    response.writeHead(status, { "content-type": type }).end(body);
  }
  async function ask(method: string, path: string, body?: object, token = "good") {
    const init = { method, headers: { authorization: `Bearer ${token}`, "content-type": "application/json" } };
    const response = await fetch(`${directory.url}/v1.0/${path}`, {
      ...init,
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown> };
  }
  const wanted = (changes: object = {}) => ({
    resource: "users",
    changeType: "updated,deleted",
    notificationUrl: address,
    lifecycleNotificationUrl: address,
    expirationDateTime: new Date(Date.now() + 41_000 * 60_000).toISOString(),
    clientState: "secret",
    ...changes,
  });
  const subscribe = async () => ask("POST", "subscriptions", wanted());
  const notifications = () =>
    received.flatMap(({ url, body }) =>
      url.search === "" ? [JSON.parse(body) as { value: [Record<string, unknown>] }] : [],
    );

  it("are shown to an app with User.Read.All alone", async () => {
    const path = `users/${ada}?$select=accountEnabled`;
    assert.deepEqual(await ask("GET", path), { status: 200, body: { accountEnabled: true } });
    assert.deepEqual(
      [(await ask("GET", path, undefined, "other")).status, (await ask("GET", path, undefined, "x")).status],
      [403, 401],
    );
    assert.equal((await ask("GET", "users/0c2e9d84-0000-4000-8000-000000000000")).status, 404);
  });

  it("are subscribed to after a handshake with both addresses", async () => {
    const { status } = await subscribe();
    assert.equal(status, 201);
    assert.equal(received.filter(({ url }) => url.searchParams.has("validationToken")).length, 2);
    const { body } = await ask("GET", "subscriptions");
    assert.deepEqual(
      (body["value"] as [Record<string, unknown>]).map(({ clientState }) => clientState),
      [null],
    );
  });

  for (const [what, badly] of [
    ["another status", (token: string) => ({ status: 202, body: token })],
    ["another token", () => ({ status: 200, body: "x" })],
    ["the token still encoded", (token: string) => ({ status: 200, body: encodeURIComponent(token) })],
    ["JSON", (token: string) => ({ status: 200, body: token, type: "application/json" })],
  ] as const) {
    it(`are not subscribed to if the handshake is answered with ${what}`, async () => {
      answer = ({ url }) => badly(url.searchParams.get("validationToken") ?? "");
      const { status, body } = await subscribe();
      assert.deepEqual([status, (body["error"] as Record<string, unknown>)["code"]], [400, "ValidationError"]);
    });
  }

  it("are not subscribed to for longer than 41,760 minutes, for other changes, or at an address without https", async () => {
    const late = new Date(Date.now() + 41_761 * 60_000).toISOString();
    for (const changes of [
      { expirationDateTime: late },
      { changeType: "created" },
      { notificationUrl: "http://app.example/" },
      { resource: "groups" },
      { clientState: "x".repeat(129) },
    ]) {
      assert.equal((await ask("POST", "subscriptions", wanted(changes))).status, 400, JSON.stringify(changes));
    }
  });

  it("tell of a change by its id alone, until the answer is good", async () => {
    await subscribe();
    let refused = 2;
    answer = () => ({ status: refused-- > 0 ? 503 : 202 });
    directory.controls.disable(ada);
    await directory.delivered();
    assert.deepEqual(directory.deliveries[0]?.statuses, [503, 503, 202]);
    const [{ value: [first] } = assert.fail()] = notifications();
    assert.deepEqual([first["changeType"], first["clientState"], first["tenantId"]], ["updated", "secret", tenantId]);
    assert.deepEqual(first["resourceData"], {
      "@odata.type": "#Microsoft.Graph.User",
      "@odata.id": `Users/${ada}`,
      id: ada,
      organizationId: tenantId,
    });
  });

  it("lose, double and hold notifications when a test says so, and send what becomes of the subscription", async () => {
    await subscribe();
    const { delivery } = directory.controls;
    delivery.loseNext();
    directory.controls.disable(ada);
    delivery.doubleNext();
    directory.controls.remove(bruno, true);
    await directory.delivered();
    assert.deepEqual(
      notifications().map(({ value: [{ changeType }] }) => changeType),
      ["deleted", "deleted"],
    );
    delivery.hold();
    directory.controls.lifecycle("reauthorizationRequired");
    await directory.delivered();
    assert.equal(notifications().length, 2);
    delivery.release();
    await eventually(
      "it has come",
      () => notifications().at(-1)?.value[0]["lifecycleEvent"] === "reauthorizationRequired",
    );
  });

  it("are renewed and removed as subscriptions, and nobody is told of what comes later", async () => {
    const { body } = await subscribe();
    const path = `subscriptions/${String(body["id"])}`;
    const expirationDateTime = new Date(Date.now() + 60 * 60_000).toISOString();
    assert.equal((await ask("PATCH", path, { expirationDateTime })).status, 200);
    assert.equal((await ask("DELETE", path)).status, 204);
    assert.deepEqual(
      [(await ask("PATCH", path, { expirationDateTime })).status, (await ask("DELETE", path)).status],
      [404, 404],
    );
    directory.controls.disable(ada);
    assert.deepEqual(directory.deliveries, []);
  });

  it("have a page, on which a person changes them, and no other site does", async () => {
    await subscribe();
    const post = async (form: Record<string, string>, origin = directory.url) =>
      fetch(directory.url, {
        method: "POST",
        body: new URLSearchParams(form),
        headers: { origin },
        redirect: "manual",
      });
    assert.equal((await post({ change: "disable", id: ada }, "http://elsewhere.example")).status, 403);
    assert.equal((await post({ change: "constructor", id: ada })).status, 400);
    assert.equal((await post({ change: "disable", id: "nobody" })).status, 400);
    assert.equal(directory.deliveries.length, 0);
    assert.equal((await post({ change: "disable", id: ada })).status, 303);
    await directory.delivered();
    assert.equal(directory.deliveries.length, 1);
    assert.match(await (await fetch(directory.url)).text(), new RegExp(`${ada} \\(disabled\\)`));
    await post({ change: "enable", id: ada });
    assert.equal(directory.users.get(ada)?.accountEnabled, true);
  });

  it("are listed page by page, and then only what has changed, with what was removed", async () => {
    directory.controls.pageSize = 2;
    const follow = async (link: unknown) => ask("GET", String(link).replace(`${directory.url}/v1.0/`, ""));
    const first = await ask("GET", "users/delta?$select=accountEnabled");
    assert.deepEqual(
      first.body["value"],
      [ada, bruno].map((id) => ({ id, accountEnabled: true })),
    );
    const second = await follow(first.body["@odata.nextLink"]);
    assert.deepEqual(second.body["value"], [{ id: zoe, accountEnabled: true }]);
    directory.controls.disable(ada);
    directory.controls.remove(zoe);
    const changed = await follow(second.body["@odata.deltaLink"]);
    assert.deepEqual(changed.body["value"], [
      { id: ada, accountEnabled: false },
      { id: zoe, "@removed": { reason: "changed" } },
    ]);
    const later = await follow(changed.body["@odata.deltaLink"]);
    assert.deepEqual(later.body["value"], []);
    directory.controls.expireDelta();
    assert.equal((await follow(later.body["@odata.deltaLink"])).status, 410);
    assert.equal((await ask("GET", "users/delta?$deltatoken=nonsense")).status, 400);
  });
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

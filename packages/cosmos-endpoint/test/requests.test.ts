import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { connect as connectSocket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { CosmosClient, ErrorResponse } from "@azure/cosmos";
import { statusOf } from "../src/contract.ts";
import { startCosmosEndpoint } from "../src/endpoint.ts";
import { startEndpointUnderTest } from "./under-test.ts";

const { endpoint, client, container } = await startEndpointUnderTest();

/** The headers that authorize a request, signed as the REST API documents it. */
function signed(method: string, path: string, date = new Date().toUTCString()): Record<string, string> {
  const segments = path.split("/").filter((segment) => segment !== "");
  const isFeed = segments.length % 2 === 1;
  const type = (isFeed ? segments.at(-1) : segments.at(-2)) ?? "";
  const link = (isFeed ? segments.slice(0, -1) : segments).map(decodeURIComponent).join("/");
  const message = `${method.toLowerCase()}\n${type}\n${link}\n${date.toLowerCase()}\n\n`;
  const key = Buffer.from(endpoint.accountKey, "base64");
  const signature = createHmac("sha256", key).update(message).digest("base64");
  return { authorization: encodeURIComponent(`type=master&ver=1.0&sig=${signature}`), "x-ms-date": date };
}

function post(path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(endpoint.url + path, { method: "POST", body, headers: { ...signed("POST", path), ...headers } });
}

async function createDocument(body: string | Buffer, partitionKey = '["a"]'): Promise<number> {
  const headers = { "x-ms-documentdb-partitionkey": partitionKey };
  return (await errorOf(await post("/dbs/auth/colls/accounts/docs", body, headers)))[0];
}

async function createContainer(properties: Record<string, unknown>): Promise<number> {
  const body = JSON.stringify({ id: "c", partitionKey: { paths: ["/id"] }, ...properties });
  return (await errorOf(await post("/dbs/auth/colls", body)))[0];
}

async function listDatabases(headers: Record<string, string>): Promise<number> {
  return (await errorOf(await fetch(`${endpoint.url}/dbs`, { headers })))[0];
}

function raw(request: string): Promise<string> {
  const socket = connectSocket(Number(new URL(endpoint.url).port), "127.0.0.1");
  socket.write(request);
  return text(socket);
}

describe("requests to the local Cosmos DB endpoint", () => {
  test("the account says that reads are strongly consistent, and names the address it was asked by", async () => {
    const { resource } = await client.getDatabaseAccount();
    assert.equal(resource?.consistencyPolicy, "Strong");
    assert.equal(await client.getWriteEndpoint(), `${endpoint.url}/`);
    const byName = new CosmosClient({
      endpoint: endpoint.url.replace("127.0.0.1", "localhost"),
      key: endpoint.accountKey,
    });
    assert.equal(await byName.getReadEndpoint(), `${endpoint.url.replace("127.0.0.1", "localhost")}/`);
    byName.dispose();
  });

  test("databases and containers are created once, listed, read back as defined, and deleted with their documents", async () => {
    const { database } = await client.databases.createIfNotExists({ id: "Other one" });
    const definition = {
      id: "Things",
      partitionKey: { paths: ["/owner"], version: 2 },
      defaultTtl: 60,
      indexingPolicy: { indexingMode: "consistent" as const, automatic: true, excludedPaths: [{ path: "/*" }] },
    };
    assert.equal((await database.containers.createIfNotExists(definition)).statusCode, 201);
    const { statusCode, resource, container: things } = await database.containers.createIfNotExists(definition);
    assert.equal(statusCode, 200);
    assert.deepEqual(resource?.partitionKey, { paths: ["/owner"], version: 2, kind: "Hash" });
    assert.deepEqual([resource?.defaultTtl, resource?.indexingPolicy], [60, definition.indexingPolicy]);

    const { resources: databases } = await client.databases.readAll().fetchAll();
    assert.deepEqual(databases.map(({ id }) => id).toSorted(), ["Other one", "auth"]);
    const { resources: containers } = await database.containers.readAll().fetchAll();
    assert.deepEqual(
      containers.map(({ id }) => id),
      ["Things"],
    );

    await things.items.create({ id: "1", owner: "o" });
    assert.equal((await things.delete()).statusCode, 204);
    assert.equal((await things.item("1", "o").read()).statusCode, 404);
    await database.containers.create(definition);
    assert.equal((await things.item("1", "o").read()).statusCode, 404, "not even in a new container of the same name");
    assert.equal((await database.delete()).statusCode, 204);
    assert.equal(await statusOf(database.read()), 404);
  });

  test("a container definition that is wrong or asks for more than there is gets refused", async () => {
    assert.equal(await createContainer({ id: "a/b" }), 400);
    assert.equal(await createContainer({ partitionKey: undefined }), 400);
    assert.equal(await createContainer({ partitionKey: { paths: ["id"] } }), 400);
    assert.equal(await createContainer({ defaultTtl: 0 }), 400);
    assert.equal(await createContainer({ defaultTtl: 60, indexingPolicy: { indexingMode: "none" } }), 400);
    assert.equal(await createContainer({ partitionKey: { paths: ["/a", "/b"], kind: "MultiHash" } }), 501);
    assert.equal(await createContainer({ uniqueKeyPolicy: { uniqueKeys: [{ paths: ["/a"] }] } }), 501);
  });

  test("a client with another key is told that its key does not match", async () => {
    const stranger = new CosmosClient({ endpoint: endpoint.url, key: Buffer.from("another key").toString("base64") });
    const reading = stranger.database("auth").container("accounts").item("a", "a").read();
    await assert.rejects(reading, (error: unknown) => {
      assert.ok(error instanceof ErrorResponse);
      assert.equal(error.code, 401);
      assert.match(error.message, /key/);
      return true;
    });
    stranger.dispose();
  });

  test("a signature for another document, method or date opens nothing", async () => {
    const path = "/dbs/auth/colls/accounts/docs/a";
    const headers = { ...signed("GET", path), "x-ms-documentdb-partitionkey": '["a"]' };
    assert.equal((await fetch(endpoint.url + path, { headers })).status, 404);
    const misused = [
      fetch(`${endpoint.url}/dbs/auth/colls/accounts/docs/b`, { headers }),
      fetch(endpoint.url + path, { headers, method: "DELETE" }),
      fetch(endpoint.url + path, { headers: { ...headers, "x-ms-date": "Mon, 01 Jan 2001 00:00:00 GMT" } }),
    ];
    for (const response of await Promise.all(misused)) {
      assert.deepEqual(await errorOf(response), [401, "Unauthorized"]);
    }
  });

  test("an authorization header that is missing or malformed is 401, another scheme is named and refused", async () => {
    const date = { "x-ms-date": new Date().toUTCString() };
    assert.equal(await listDatabases(date), 401);
    assert.equal(await listDatabases({ authorization: "type%3Dmaster%26ver%3D1.0%26sig%3Dabc" }), 401);
    for (const authorization of [
      "",
      "%zz",
      "Bearer abc",
      "type=master&ver=1.0&sig=",
      "type=constructor&ver=1.0&sig=a",
    ]) {
      assert.equal(await listDatabases({ ...date, authorization }), 401, authorization);
    }
    assert.equal(
      await listDatabases({ ...date, authorization: encodeURIComponent("type=aad&ver=1.0&sig=token") }),
      501,
    );
  });

  test("what is not implemented is refused by name, through the SDK too", async () => {
    const item = container.item("a", "a");
    const owned = (await container.database.containers.create({ id: "owned", partitionKey: "/owner" })).container;
    const refusals: [RegExp, () => Promise<unknown>][] = [
      [/queries/, () => container.items.query("SELECT * FROM c").fetchAll()],
      [/queries/, () => container.items.query("SELECT * FROM c", { partitionKey: "a" }).fetchAll()],
      [/queries/, () => container.items.readAll({ partitionKey: "a" }).fetchAll()],
      [/patch/, () => item.patch([{ op: "set", path: "/n", value: 1 }])],
      [/batch/, () => container.items.batch([{ operationType: "Create", resourceBody: { id: "a" } }], "a")],
      [/partition key ranges/, () => container.items.getChangeFeedIterator().readNext()],
      [/stored procedures/, () => container.scripts.storedProcedure("s").execute("a")],
      [/triggers/, () => container.items.create({ id: "t" }, { preTriggerInclude: ["t"] })],
      [/replacing a container/, () => container.replace({ id: "accounts", partitionKey: { paths: ["/id"] } })],
      [/offers/, () => container.readOffer()],
      [/changing an id/, () => owned.item("o", "x").replace({ id: "other", owner: "x" })],
      [/If-None-Match/, () => item.delete({ accessCondition: { type: "IfNoneMatch", condition: "*" } })],
    ];
    for (const [name, refusal] of refusals) {
      await assert.rejects(refusal(), (error: unknown) => {
        assert.ok(error instanceof Error);
        assert.match(error.message, name);
        assert.match(error.message, /does not implement/);
        return true;
      });
    }
    assert.deepEqual(endpoint.dump(), []);
  });

  test("an unknown path is 404, an unsuitable method 405, a broken path 400, and the endpoint lives on", async () => {
    const expected: [string, string, number][] = [
      ["GET", "/favicon.png", 404],
      ["PUT", "/favicon.ico", 404],
      ["GET", "/dbs/auth/nothing", 404],
      ["GET", "/dbs/auth/constructor/a", 404],
      ["PUT", "/dbs/auth", 405],
      ["DELETE", "/", 405],
      ["OPTIONS", "/dbs", 405],
      ["GET", "/dbs/%zz", 400],
      ["GET", "/dbs/%ff", 400],
      ["GET", "/dbs//colls", 400],
      ["GET", "/dbs/auth?x", 400],
      ["GET", "/dbs/auth/colls/accounts/docs", 501],
      ["GET", "/dbs/auth/colls/accounts/pkranges", 501],
    ];
    for (const [method, path, status] of expected) {
      const response = await fetch(endpoint.url + path, { method });
      assert.equal((await errorOf(response))[0], status, `${method} ${path}`);
    }
    assert.equal((await container.read()).statusCode, 200);
  });

  test("a malformed document or partition key is 400, says why, and stores nothing", async () => {
    const deep = `{"id":"a","deep":${"[".repeat(5000)}${"]".repeat(5000)}}`;
    const bodies = ["", "{", "[]", "null", '"a"', "{}", '{"id":1}', '{"id":""}', '{"id":"\\ud800"}', deep];
    for (const body of bodies) assert.equal(await createDocument(body), 400, body.slice(0, 20));
    for (const id of ["a/b", "a\\b", "a?b", "a#b", "x".repeat(1024)]) {
      assert.equal(await createDocument(JSON.stringify({ id })), 400, id.slice(0, 20));
    }
    assert.equal(await createDocument(Buffer.from([0x7b, 0xff, 0x7d])), 400);
    for (const partitionKey of ["", "a", "[]", '["a","b"]', "[[1]]", '[{"a":1}]', '["b"]']) {
      assert.equal(await createDocument('{"id":"a"}', partitionKey), 400, partitionKey);
    }
    assert.deepEqual(endpoint.dump(), []);
  });

  test("a document in a partition that its header does not name is refused with the substatus for it", async () => {
    const headers = { "x-ms-documentdb-partitionkey": '["b"]' };
    const response = await post("/dbs/auth/colls/accounts/docs", '{"id":"a"}', headers);
    assert.deepEqual([response.status, response.headers.get("x-ms-substatus")], [400, "1001"]);
    const elsewhere = await client.database("auth").container("nowhere").item("a", "a").read();
    assert.deepEqual([elsewhere.statusCode, elsewhere.substatus], [404, 1003]);
  });

  test("system properties that a client sends along are not believed", async () => {
    const { resource } = await container.items.create({ id: "s", _etag: "mine", _ts: 1, _rid: "mine", _self: "mine" });
    assert.ok(resource);
    const { _etag, _ts, _rid, _self } = resource;
    assert.ok(_ts > 1 && _etag !== "mine" && _rid !== "mine" && _self !== "mine");
    await container.item("s", "s").delete();
  });

  test("an oversized body is 413, and the connection can be used again", async () => {
    for (const size of [2 * 1024 * 1024 + 1, 20_000_000]) {
      assert.equal(await createDocument(Buffer.alloc(size, "x")), 413);
    }
    assert.equal((await container.read()).statusCode, 200);
  });

  test("what is not HTTP is answered with 400, and so are headers without end with 431", async () => {
    assert.match(await raw("nonsense\r\n\r\n"), /^HTTP\/1\.1 400 [^]*"code":"BadRequest"/);
    assert.match(
      await raw(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"x".repeat(40_000)}\r\n\r\n`),
      /^HTTP\/1\.1 431 /,
    );
    assert.match(
      await raw("GET / HTTP/1.1\r\nhost: attacker.example\r\nconnection: close\r\n\r\n"),
      /^HTTP\/1\.1 403 /,
    );
    assert.equal((await container.read()).statusCode, 200);
  });

  test("a second endpoint on the same port fails to start and says why", async () => {
    const port = Number(new URL(endpoint.url).port);
    await assert.rejects(startCosmosEndpoint({ port, dataFile: ":memory:" }), /EADDRINUSE/);
  });
});

/** The status and code of a response, after checking that it carries an error as the SDK needs it. */
async function errorOf(response: Response): Promise<[number, string]> {
  const body: unknown = await response.json();
  assert.ok(typeof body === "object" && body !== null && "code" in body && "message" in body);
  assert.ok(typeof body.code === "string" && typeof body.message === "string");
  assert.match(body.message, /\w/);
  assert.equal(response.headers.get("content-type"), "application/json");
  return [response.status, body.code];
}

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { connectionPolicy } from "../../shared/account/cosmos.ts";
import { directReads } from "../../shared/store/direct-reads.ts";
import { pointOperations, type PointOperations, type Stored } from "../../shared/store/point-operations.ts";
import { signatureOf } from "../../shared/store/sample-read.ts";
import { isRecord } from "../../shared/core/encoding.ts";
import { CosmosClient, type CosmosClientOptions } from "@azure/cosmos";
import { answering, brokenOff, hangingUp, silent, startGateway, type Gateway, type Meeting } from "./gateway.ts";
import { trustedCertificate } from "./trusted-certificate.ts";

/* Reads past the SDK, beside the SDK's own: they send the same, and come to the same outcome. */

const key = Buffer.from("an account key").toString("base64");
const { signal } = new AbortController();
const isStored = (value: unknown): value is Stored => isRecord(value);

interface Reader extends Disposable {
  readonly read: (id: string, signal: AbortSignal) => ReturnType<PointOperations<Stored>["read"]>;
  /** How many requests for documents the SDK has sent so far. */
  sentBySdk(): number;
}

type Options = Partial<CosmosClientOptions>;

/** Reads as the app does. */
function appReader({ url: endpoint }: Gateway, options: Options = { key }): Reader {
  const reads = directReads("key" in options ? signatureOf(key) : undefined);
  let sent = 0;
  const counting: CosmosClientOptions["httpClient"] = {
    async sendRequest(request) {
      if (request.url.includes("/docs/")) sent++;
      return reads.httpClient.sendRequest(request);
    },
  };
  const client = new CosmosClient({ endpoint, ...options, connectionPolicy, httpClient: counting });
  const container = client.database("auth").container("accounts");
  const store = pointOperations(container, isStored, { direct: reads.ofContainer(container) });
  return {
    read: async (...args) => store.read(...args),
    sentBySdk: () => sent,
    [Symbol.dispose]: () => client.dispose(),
  };
}

/** Reads by the SDK alone. */
function sdkReader({ url: endpoint }: Gateway, options: Options = { key }): Reader {
  const client = new CosmosClient({ endpoint, ...options, connectionPolicy });
  const store = pointOperations(client.database("auth").container("accounts"), isStored);
  return {
    read: async (...args) => store.read(...args),
    sentBySdk: () => NaN,
    [Symbol.dispose]: () => client.dispose(),
  };
}

const now = performance.now.bind(performance);
let passedMs = 0;

beforeEach(() => {
  passedMs = 0;
  mock.method(Math, "random", () => 0);
  mock.method(performance, "now", () => now() + passedMs);
});
afterEach(() => mock.restoreAll());

describe("a read past the SDK", () => {
  test("sends what the SDK sends, with an account key", async () => {
    await using gateway = await startGateway();
    using reader = appReader(gateway);
    for (const id of ["first", "second", "second"]) await reader.read(id, signal);
    assert.equal(reader.sentBySdk(), 1);
    using sdk = sdkReader(gateway);
    await sdk.read("second", signal);
    const [, direct, , sent] = gateway.asked;
    // The signature is of the date and of the document.
    assert.deepEqual(
      { ...direct?.headers, authorization: "", "x-ms-date": "" },
      { ...sent?.headers, authorization: "", "x-ms-date": "" },
    );
    const link = "dbs/auth/colls/accounts/docs/second";
    for (const request of [direct, sent]) {
      assert.equal(request?.url, `/${link}`);
      const { authorization, "x-ms-date": date } = request.headers;
      assert.equal(authorization, signatureOf(key)(link, String(date)));
    }
  });

  test("sends what the SDK sends, with a token", async () => {
    await using gateway = await startGateway(await trustedCertificate());
    const aadCredentials = { getToken: async () => ({ token: "T", expiresOnTimestamp: Date.now() + 3_600_000 }) };
    using reader = appReader(gateway, { aadCredentials });
    for (const id of ["first", "second"]) await reader.read(id, signal);
    assert.equal(reader.sentBySdk(), 1);
    using sdk = sdkReader(gateway, { aadCredentials });
    await sdk.read("second", signal);
    const [, direct, sent] = gateway.asked;
    assert.match(String(direct?.headers.authorization), /type%3Daad|type=aad/);
    assert.deepEqual(direct?.headers, sent?.headers);
  });

  test("asks of a known document only whether it has changed, as the SDK does with If-None-Match", async () => {
    await using gateway = await startGateway();
    using reader = appReader(gateway);
    for (let count = 0; count < 2; count++) await reader.read("a", signal);
    gateway.next.push(unchanged);
    assert.deepEqual(await reader.read("a", signal), {
      document: { id: "a", ttl: 60, writeId: "w", _etag: '"1"' },
      etag: '"1"',
    });
    const client = new CosmosClient({ endpoint: gateway.url, key, connectionPolicy });
    const accessCondition = { type: "IfNoneMatch", condition: '"1"' };
    await client.database("auth").container("accounts").item("a", "a").read({ accessCondition });
    client.dispose();
    const [, , direct, sent] = gateway.asked.map(({ headers }) => headers);
    assert.equal(direct?.["if-none-match"], '"1"');
    assert.deepEqual(
      { ...direct, authorization: "", "x-ms-date": "" },
      { ...sent, authorization: "", "x-ms-date": "" },
    );
    assert.equal(reader.sentBySdk(), 1);
  });

  test("finds a document that was changed, deleted or made anew since it was read", async () => {
    await using gateway = await startGateway();
    using reader = appReader(gateway);
    for (let count = 0; count < 2; count++) await reader.read("a", signal);
    gateway.next.push(answering(200, { etag: '"2"' }, { id: "a", writeId: "v" }), unchanged, answering(404));
    const found = [];
    for (let count = 0; count < 4; count++) found.push((await reader.read("a", signal))?.etag);
    assert.deepEqual(found, ['"2"', '"2"', undefined, '"1"']);
    const conditions = gateway.asked.map(({ headers }) => headers["if-none-match"]);
    assert.deepEqual(conditions, [undefined, undefined, '"1"', '"2"', '"2"', undefined]);
  });

  test("leaves to the SDK what has an id that a URL would spell otherwise", async () => {
    await using gateway = await startGateway();
    using reader = appReader(gateway);
    for (const id of ["first", "two words", "ü"]) await reader.read(id, signal).catch(() => undefined);
    assert.ok(reader.sentBySdk() >= 3);
  });

  test("of many at once, after 20 s, is the SDK's once; after 25 s, all wait for the SDK", async () => {
    for (const [idleMs, sent] of [
      [19_000, 0],
      [21_000, 1],
      [26_000, 8],
    ] as const) {
      await using gateway = await startGateway();
      using reader = appReader(gateway);
      await reader.read("a", signal);
      const before = reader.sentBySdk();
      passedMs += idleMs;
      await Promise.all(Array.from({ length: 8 }, async () => reader.read("a", signal)));
      assert.equal(reader.sentBySdk() - before, sent, String(idleMs));
    }
  });

  test("is made like the SDK's last read for 20 s, and then the SDK reads again", async () => {
    await using gateway = await startGateway();
    using reader = appReader(gateway);
    await reader.read("a", signal);
    passedMs = 19_000;
    await reader.read("a", signal);
    assert.equal(reader.sentBySdk(), 1);
    passedMs = 21_000;
    await reader.read("a", signal);
    assert.equal(reader.sentBySdk(), 2);
    await reader.read("a", signal);
    assert.equal(reader.sentBySdk(), 2);
  });

  test("goes with the token that the SDK has renewed", async () => {
    await using gateway = await startGateway(await trustedCertificate());
    let issued = 0;
    // The SDK renews a token that is about to expire, in the background.
    const getToken = async () => ({ token: `T${++issued}`, expiresOnTimestamp: Date.now() + 60_000 });
    using reader = appReader(gateway, { aadCredentials: { getToken } });
    for (let round = 0; round < 4; round++, passedMs += 21_000) {
      await reader.read("a", signal);
      await reader.read("a", signal);
    }
    const tokens = gateway.asked.map(({ headers }) => /T\d+/.exec(String(headers.authorization))?.[0]);
    assert.equal(reader.sentBySdk(), 4);
    assert.ok(new Set(tokens).size > 1);
    for (let index = 0; index < tokens.length; index += 2) assert.equal(tokens[index], tokens[index + 1]);
  });

  test("goes to the region that the SDK has found", async () => {
    await using first = await startGateway();
    await using second = await startGateway();
    first.regions = [first.url, second.url];
    using reader = appReader(first);
    await reader.read("a", signal);
    // "The account does not exist here": the SDK looks for another region.
    first.next.push(...Array.from({ length: 9 }, () => answering(403, { "x-ms-substatus": "1008" })));
    assert.equal((await reader.read("a", signal))?.document.id, "a");
    passedMs = 11_000;
    const [asked, sent] = [first.asked.length, reader.sentBySdk()];
    for (let count = 0; count < 3; count++) await reader.read("a", signal);
    assert.equal(first.asked.length, asked);
    assert.equal(second.asked.length, 4);
    assert.equal(reader.sentBySdk(), sent + 1);
  });

  test("waits as long as a busy store asks for, and is then sent again", async () => {
    await using gateway = await startGateway();
    using reader = appReader(gateway);
    await reader.read("a", signal);
    gateway.next.push(answering(429, { "x-ms-retry-after-ms": "300" }));
    const began = now();
    assert.equal((await reader.read("a", signal))?.document.id, "a");
    assert.ok(now() - began >= 295);
    assert.deepEqual([gateway.asked.length, reader.sentBySdk()], [3, 1]);
  });

  test("ends with the caller's time", async () => {
    await using gateway = await startGateway();
    using reader = appReader(gateway);
    await reader.read("a", signal);
    const broken = Promise.withResolvers<void>();
    gateway.next.push((response) => void response.once("close", broken.resolve));
    const caller = new AbortController();
    const read = reader.read("a", caller.signal);
    await gateway.askedFor(2);
    caller.abort();
    await assert.rejects(read, { code: "store_unavailable" });
    await broken.promise;
    assert.equal(gateway.asked.length, 2);
  });
});

/** Not modified. */
const unchanged: Meeting = (response) => response.writeHead(304, { etag: '"1"' }).end();

const mishaps: readonly [what: string, meeting: Meeting][] = [
  ["a refused token (401)", answering(401)],
  ["a refusal (403)", answering(403)],
  ["a partition that has moved (410)", answering(410, { "x-ms-substatus": "1002" })],
  ["a replica that is behind (404, substatus 1002)", answering(404, { "x-ms-substatus": "1002" })],
  ["an unavailable store (503)", answering(503)],
  ["an error in the store (500)", answering(500)],
  ["304, which nobody has asked for", unchanged],
  ["a redirect", answering(302, { location: "http://127.0.0.1:1/" })],
  ["an answer that is no JSON", (response) => response.writeHead(200, { etag: '"1"' }).end("<html>")],
  ["a connection that breaks", hangingUp],
  ["an answer that breaks off", brokenOff],
];

describe("after a read past the SDK, the SDK reads", () => {
  for (const [what, meeting] of mishaps) {
    test(`after ${what}, and the next ones, too, for 10 s`, async () => {
      await using gateway = await startGateway();
      using reader = appReader(gateway);
      await reader.read("a", signal);
      gateway.next.push(meeting);
      for (let count = 1; count <= 2; count++) {
        assert.equal((await reader.read("a", signal))?.document.id, "a");
        assert.equal(reader.sentBySdk(), 1 + count);
      }
      passedMs = 11_000;
      for (let count = 0; count < 2; count++) await reader.read("a", signal);
      assert.equal(reader.sentBySdk(), 4);
      assert.equal(gateway.asked.length, 6);
    });
  }

  test("after two seconds of silence", async () => {
    await using gateway = await startGateway();
    using reader = appReader(gateway);
    await reader.read("a", signal);
    gateway.next.push(silent);
    assert.equal((await reader.read("a", signal))?.document.id, "a");
    assert.equal(reader.sentBySdk(), 2);
  });
});

const answers: readonly [what: string, meeting: Meeting][] = [
  ["a document", answering(200, { etag: '"7"' }, { id: "a", writeId: "w", ttl: 9 })],
  ["no document", answering(404)],
  ["no document (404, substatus 0)", answering(404, { "x-ms-substatus": "0" })],
  ["no container (404, substatus 1003)", answering(404, { "x-ms-substatus": "1003" })],
  ["another document", answering(200, { etag: '"7"' }, { id: "b" })],
  ["a document without a version", answering(200, {}, { id: "a" })],
  ["a document of a later format", answering(200, { etag: '"7"' }, { id: "a", version: 9 })],
  ["too many requests", answering(429)],
  ["a refused token", answering(401)],
];

describe("a read past the SDK has the outcome of the SDK's own", () => {
  for (const [what, meeting] of answers) {
    test(`for ${what}`, async () => {
      await using gateway = await startGateway();
      const outcomeOf = async (reader: Reader) => {
        gateway.next.length = 0;
        await reader.read("first", signal);
        gateway.next.push(...Array.from({ length: 20 }, () => meeting));
        return reader.read("a", signal).catch(({ name, code }: { name: string; code: string }) => ({ name, code }));
      };
      using sdk = sdkReader(gateway);
      using app = appReader(gateway);
      assert.deepEqual(await outcomeOf(app), await outcomeOf(sdk));
    });
  }
});

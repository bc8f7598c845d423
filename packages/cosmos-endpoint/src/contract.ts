import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { type Container, type CosmosClient, type Database, ErrorResponse } from "@azure/cosmos";

/** A server under test. */
export interface CosmosConnection {
  readonly client: CosmosClient;
  /** A database for this run only. The suite creates its containers in it. */
  readonly database: Database;
  /** Lets this many seconds pass on the server, by its clock or by waiting. */
  letPass(seconds: number): Promise<void>;
  close(): Promise<void>;
}

export interface Difference {
  /** For people. */
  readonly what: string;
  /** What the test says when it fails. */
  readonly failure: RegExp;
}

/** How a server is judged. */
export interface CosmosContractOptions {
  /**
   * What the server is known to get wrong, by the title of the test in this contract. These tests must fail for the
   * given reason, so that nothing that works stays on the list.
   */
  readonly differences?: Readonly<Record<string, Difference>>;
  /** Whether the tests have to wait for time to pass. If so, these tests run concurrently. */
  readonly realTime?: boolean;
  /** The caller's own tests, on a container partitioned by `/id`. */
  readonly more?: (container: () => Container, check: Check) => void;
}

/** Declares a test of the contract. It must pass or, where the server is known to differ, fail. */
export type Check = (title: string, run: () => Promise<void>) => void;

interface Containers {
  /** Partitioned by `/id`; documents expire by their own time to live. */
  readonly expiring: Container;
  /** Partitioned by `/id`, nothing expires. */
  readonly lasting: Container;
  /** Partitioned by `/owner/name`. */
  readonly owned: Container;
}

interface Suite {
  readonly containers: () => Containers;
  readonly letPass: (seconds: number) => Promise<void>;
  readonly check: Check;
}

/**
 * Declares tests of point operations, conditions, time to live and limits as Azure Cosmos DB has them. They go through
 * the official SDK and `node:test`, so they run against any server that claims to behave like it.
 */
export function describeCosmosContract(
  name: string,
  connect: () => Promise<CosmosConnection>,
  { differences = {}, realTime = false, more }: CosmosContractOptions = {},
): void {
  const unknown = new Set(Object.keys(differences));
  describe(`documents of ${name}`, () => {
    let connection: CosmosConnection;
    let containers: Containers;

    before(async () => {
      connection = await connect();
      containers = await createContainers(connection.database);
    });
    after(async () => {
      await connection.close();
    });

    const suite: Suite = {
      containers: () => containers,
      letPass: (seconds) => connection.letPass(seconds),
      check(title, run) {
        unknown.delete(title);
        const difference = differences[title];
        if (difference === undefined) test(title, run);
        else testDifference(title, difference, run);
      },
    };
    describePointOperations(suite);
    describeConditions(suite);
    describePartitionKeys(suite);
    describeRaces(suite);
    describe("time to live", { concurrency: realTime }, () => {
      describeTimeToLive(suite);
    });
    describeLimits(suite);
    more?.(() => containers.expiring, suite.check);
    if (Object.keys(differences).length > 0) {
      test("every known difference is one from this contract", () => assert.deepEqual([...unknown], []));
    }
  });
}

function testDifference(title: string, { what, failure }: Difference, run: () => Promise<void>): void {
  test(`known difference: ${title}`, async (context) => {
    context.diagnostic(what);
    await assert.rejects(run(), failure);
  });
}

async function createContainers(database: Database): Promise<Containers> {
  const create = async (id: string, partitionKey: string, timeToLive: { defaultTtl?: number }) =>
    (await database.containers.createIfNotExists({ id, partitionKey: { paths: [partitionKey] }, ...timeToLive }))
      .container;
  return {
    expiring: await create("expiring", "/id", { defaultTtl: -1 }),
    lasting: await create("lasting", "/id", {}),
    owned: await create("owned", "/owner/name", { defaultTtl: -1 }),
  };
}

function describePointOperations({ containers, check }: Suite): void {
  check("a created document is read back as it was", async () => {
    const { expiring } = containers();
    const document = {
      id: randomUUID(),
      text: 'é ☃ 😀 \u2028 "quoted" \0',
      nested: { list: [1, null, true, { a: 1.5 }] },
    };
    const created = await expiring.items.create(document);
    assert.equal(created.statusCode, 201);
    const read = await expiring.item(document.id, document.id).read();
    assert.equal(read.statusCode, 200);
    assert.deepEqual(read.resource, created.resource);
    const own = Object.entries(record(read.resource)).filter(([name]) => !name.startsWith("_"));
    assert.deepEqual(Object.fromEntries(own), document);
  });

  check("a document has the system properties, and its ETag in quotes", async () => {
    const { item } = await newItem(containers().expiring);
    const read = await item.read();
    const { _rid, _self, _etag, _attachments, _ts } = record(read.resource);
    for (const property of [_rid, _self, _etag, _attachments]) assert.equal(typeof property, "string");
    assert.ok(Number.isInteger(_ts));
    assert.match(read.etag, /^".+"$/);
    assert.equal(read.etag, _etag);
  });

  check("every operation reports what it cost and an activity id", async () => {
    const { item, document, created } = await newItem(containers().expiring);
    const responses = [created, await item.read(), await item.replace({ ...document, n: 2 }), await item.delete()];
    for (const { requestCharge, activityId } of responses) {
      assert.ok(requestCharge > 0, `request charge ${requestCharge}`);
      assert.match(activityId, /^[\w-]+$/);
    }
    assert.ok(
      (responses[0]?.requestCharge ?? 0) > (responses[1]?.requestCharge ?? 0),
      "a write costs more than a read",
    );
  });

  check("a document that was never created is not found, not replaced and not deleted", async () => {
    const item = containers().expiring.item("never-created", "never-created");
    const read = await item.read();
    assert.deepEqual([read.statusCode, read.resource], [404, undefined]);
    assert.equal(await statusOf(item.replace({ id: "never-created" })), 404);
    assert.equal(await statusOf(item.delete()), 404);
    assert.equal((await item.read()).statusCode, 404, "replace created nothing");
  });

  check("a second document with the same id is a conflict and leaves the first as it was", async () => {
    const { item, document, created } = await newItem(containers().expiring);
    assert.equal(await statusOf(containers().expiring.items.create({ ...document, n: 2 })), 409);
    assert.deepEqual((await item.read()).resource, created.resource);
  });

  check(
    "replacing changes the whole document, its ETag and nothing else of the system properties but the time",
    async () => {
      const { item, document, created } = await newItem(containers().expiring);
      const replaced = await item.replace({ id: document.id, other: true });
      assert.equal(replaced.statusCode, 200);
      const { _etag, _ts, ...rest } = record((await item.read()).resource);
      const system = Object.entries(record(created.resource)).filter(([name]) => /^_(?!etag|ts)/.test(name));
      assert.deepEqual(rest, { id: document.id, other: true, ...Object.fromEntries(system) });
      assert.equal(replaced.etag, _etag);
      assert.notEqual(replaced.etag, created.etag);
    },
  );

  check("replacing with the same content still makes a new ETag", async () => {
    const { item, document, created } = await newItem(containers().expiring);
    assert.notEqual((await item.replace(document)).etag, created.etag);
  });

  check("a deleted document is gone and its id free again", async () => {
    const { item, document } = await newItem(containers().expiring);
    assert.equal((await item.delete()).statusCode, 204);
    assert.equal((await item.read()).statusCode, 404);
    assert.equal((await containers().expiring.items.create(document)).statusCode, 201);
  });

  check("an id with unusual characters works", async () => {
    for (const id of [`a b ${randomUUID()}`, `%41+&=;:@$,'"!${randomUUID()}`, `é☃😀${randomUUID()}`]) {
      const { item } = await newItem(containers().expiring, { id });
      assert.equal((await item.read<{ id: string }>()).resource?.id, id);
      assert.equal((await item.delete()).statusCode, 204);
    }
  });
}

function describeConditions({ containers, check }: Suite): void {
  check("replace and delete with the current ETag go through", async () => {
    const { item, document, created } = await newItem(containers().expiring);
    const replaced = await item.replace({ ...document, n: 2 }, ifMatch(created.etag));
    assert.equal(replaced.statusCode, 200);
    assert.equal((await item.delete(ifMatch(replaced.etag))).statusCode, 204);
  });

  check("replace and delete with an old ETag fail and change nothing", async () => {
    const { item, document, created } = await newItem(containers().expiring);
    const current = await item.replace({ ...document, n: 2 });
    assert.equal(await statusOf(item.replace({ ...document, n: 3 }, ifMatch(created.etag))), 412);
    assert.equal(await statusOf(item.delete(ifMatch(created.etag))), 412);
    assert.deepEqual((await item.read()).resource, current.resource);
  });

  check(
    "replace and delete with an ETag do not find a deleted document, and replace does not bring it back",
    async () => {
      const { item, document, created } = await newItem(containers().expiring);
      await item.delete();
      assert.equal(await statusOf(item.replace(document, ifMatch(created.etag))), 404);
      assert.equal(await statusOf(item.delete(ifMatch(created.etag))), 404);
      assert.equal((await item.read()).statusCode, 404);
    },
  );

  check("an ETag of a deleted document does not fit its successor", async () => {
    const { item, document, created } = await newItem(containers().expiring);
    await item.delete();
    await containers().expiring.items.create(document);
    assert.equal(await statusOf(item.replace(document, ifMatch(created.etag))), 412);
  });

  check("a read of an unchanged document is 304, of a changed one 200", async () => {
    const { item, document, created } = await newItem(containers().expiring);
    const unchanged = await item.read(ifNoneMatch(created.etag));
    assert.deepEqual([unchanged.statusCode, unchanged.resource ?? undefined], [304, undefined]);
    await item.replace({ ...document, n: 2 });
    assert.equal((await item.read(ifNoneMatch(created.etag))).statusCode, 200);
  });

  check("upsert creates, then replaces", async () => {
    const { expiring } = containers();
    const document = { id: randomUUID(), n: 1 };
    assert.equal((await expiring.items.upsert(document)).statusCode, 201);
    assert.equal((await expiring.items.upsert({ ...document, n: 2 })).statusCode, 200);
    assert.equal((await expiring.item(document.id, document.id).read<{ n: number }>()).resource?.n, 2);
  });

  check("upsert with an old ETag fails, but brings a deleted document back", async () => {
    const { expiring } = containers();
    const { item, document, created } = await newItem(expiring);
    await item.replace({ ...document, n: 2 });
    assert.equal(await statusOf(expiring.items.upsert(document, ifMatch(created.etag))), 412);
    await item.delete();
    assert.equal((await expiring.items.upsert(document, ifMatch(created.etag))).statusCode, 201);
  });
}

function describePartitionKeys({ containers, check }: Suite): void {
  check("the same id lives once in every partition, and is found only there", async () => {
    const { owned } = containers();
    const id = randomUUID();
    await owned.items.create({ id, owner: { name: "a" }, n: 1 });
    await owned.items.create({ id, owner: { name: "b" }, n: 2 });
    assert.equal((await owned.item(id, "a").read<{ n: number }>()).resource?.n, 1);
    assert.equal((await owned.item(id, "b").read<{ n: number }>()).resource?.n, 2);
    assert.equal((await owned.item(id, "c").read()).statusCode, 404);
    await owned.item(id, "a").delete();
    assert.equal((await owned.item(id, "b").read()).statusCode, 200);
  });

  check("a document cannot be moved to another partition", async () => {
    const { owned } = containers();
    const id = randomUUID();
    await owned.items.create({ id, owner: { name: "a" } });
    assert.equal(await statusOf(owned.item(id, "a").replace({ id, owner: { name: "b" } })), 400);
    assert.equal((await owned.item(id, "a").read()).statusCode, 200);
  });

  check("a document without the property has a partition of its own", async () => {
    const { owned } = containers();
    const id = randomUUID();
    await owned.items.create({ id });
    assert.equal((await owned.item(id).read()).statusCode, 200);
  });
}

function describeRaces({ containers, check }: Suite): void {
  check("of many creates of one id exactly one succeeds", async () => {
    const { expiring } = containers();
    const id = randomUUID();
    const statuses = await Promise.all(numbers(10).map((n) => statusOf(expiring.items.create({ id, n }))));
    assert.deepEqual(occurrences(statuses), { 201: 1, 409: 9 });
  });

  check("of many replaces with one ETag exactly one succeeds", async () => {
    const { item, document, created } = await newItem(containers().expiring);
    const replaces = numbers(10).map((n) => statusOf(item.replace({ ...document, n }, ifMatch(created.etag))));
    assert.deepEqual(occurrences(await Promise.all(replaces)), { 200: 1, 412: 9 });
  });

  check("a delete among replaces wins for good: whatever order they arrive in, the document is gone", async () => {
    const { item, document } = await newItem(containers().expiring);
    const replaces = numbers(10).map((n) => statusOf(item.replace({ ...document, n })));
    const deleted = statusOf(item.delete());
    const lateReplaces = numbers(10).map((n) => statusOf(item.replace({ ...document, n })));
    assert.equal(await deleted, 204);
    for (const status of await Promise.all([...replaces, ...lateReplaces])) assert.ok([200, 404].includes(status));
    assert.equal((await item.read()).statusCode, 404);
  });

  check("ten writers that read, change and replace until it succeeds lose no change", async () => {
    const { item } = await newItem(containers().expiring, { counter: 0 });
    const increment = async (): Promise<void> => {
      for (;;) {
        const { resource, etag } = await item.read<{ id: string; counter: number }>();
        assert.ok(resource);
        const status = await statusOf(item.replace({ ...resource, counter: resource.counter + 1 }, ifMatch(etag)));
        if (status === 200) return;
        assert.equal(status, 412);
      }
    };
    await Promise.all(numbers(10).map(increment));
    assert.equal((await item.read<{ counter: number }>()).resource?.counter, 10);
  });
}

function describeTimeToLive({ containers, letPass, check }: Suite): void {
  check("a document is gone when its time to live is over, for every operation, and its id is free", async () => {
    const { item, document, created } = await newItem(containers().expiring, { ttl: 3 });
    assert.equal((await item.read()).statusCode, 200);
    await letPass(4);
    assert.equal((await item.read()).statusCode, 404);
    assert.equal(await statusOf(item.replace(document)), 404);
    assert.equal(await statusOf(item.replace(document, ifMatch(created.etag))), 404);
    assert.equal(await statusOf(item.delete()), 404);
    assert.equal((await containers().expiring.items.create({ ...document, ttl: 100 })).statusCode, 201);
    assert.equal((await item.read()).statusCode, 200);
  });

  check("the time to live counts from the last write", async () => {
    const { item, document } = await newItem(containers().expiring, { ttl: 4 });
    await letPass(2);
    await item.replace(document);
    await letPass(2);
    assert.equal((await item.read()).statusCode, 200);
    await letPass(3);
    assert.equal((await item.read()).statusCode, 404);
  });

  check("a document without a time to live, or with -1, stays where the container says -1", async () => {
    const { expiring } = containers();
    const items = [await newItem(expiring), await newItem(expiring, { ttl: -1 })];
    await letPass(4);
    for (const { item } of items) assert.equal((await item.read()).statusCode, 200);
  });

  check("nothing expires in a container without a time to live", async () => {
    const { item } = await newItem(containers().lasting, { ttl: 1 });
    await letPass(3);
    assert.equal((await item.read()).statusCode, 200);
  });

  check("a time to live of zero or null is refused", async () => {
    const { expiring } = containers();
    for (const ttl of [0, null]) {
      const document: Record<string, unknown> = { id: randomUUID(), ttl };
      assert.equal(await statusOf(expiring.items.create(document)), 400);
    }
  });
}

function describeLimits({ containers, check }: Suite): void {
  check("a document of more than 2 MB is refused, one of almost 2 MB is kept", async () => {
    const { expiring } = containers();
    const megabyte = 1024 * 1024;
    const tooLarge = { id: randomUUID(), text: "x".repeat(2 * megabyte) };
    assert.equal(await statusOf(expiring.items.create(tooLarge)), 413);
    const { item } = await newItem(expiring, { text: "x".repeat(1.9 * megabyte) });
    assert.equal((await item.read<{ text: string }>()).resource?.text.length, Math.floor(1.9 * megabyte));
    await item.delete();
  });

  check("a document of a container or database that does not exist is not found", async () => {
    const { database } = containers().expiring;
    const elsewhere = database.container("no-such-container");
    assert.equal((await elsewhere.item("a", "a").read()).statusCode, 404);
    assert.equal(await statusOf(elsewhere.item("a", "a").delete()), 404);
    assert.equal(await statusOf(database.containers.create({ id: "expiring", partitionKey: { paths: ["/id"] } })), 409);
  });
}

async function newItem(container: Container, properties: Record<string, unknown> = {}) {
  const document = { id: randomUUID(), n: 1, ...properties };
  const created = await container.items.create(document);
  return { item: container.item(document.id, document.id), document, created };
}

function ifMatch(etag: string) {
  return { accessCondition: { type: "IfMatch", condition: etag } };
}

function ifNoneMatch(etag: string) {
  return { accessCondition: { type: "IfNoneMatch", condition: etag } };
}

/** The status of an operation, whether the SDK returns or throws it. Anything else that is thrown stays thrown. */
export async function statusOf(operation: Promise<{ statusCode: number }>): Promise<number> {
  try {
    return (await operation).statusCode;
  } catch (error) {
    if (error instanceof ErrorResponse && typeof error.code === "number") return error.code;
    throw error;
  }
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function occurrences(statuses: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

function record(value: unknown): Record<string, unknown> {
  assert.ok(typeof value === "object" && value !== null);
  return { ...value };
}

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { isRecord } from "../../shared/core/encoding.ts";
import { pointOperations, type PointOperations, type Stored } from "../../shared/store/point-operations.ts";
import { isProblem } from "./support/is-problem.ts";
import { scriptedContainer, type Fault, type ScriptedContainer } from "./support/scripted-container.ts";
import { shortTimeouts } from "./support/timeouts.ts";

interface Thing extends Stored {
  readonly colour: string;
}

const isThing = (value: unknown): value is Thing => isRecord(value) && typeof value["colour"] === "string";
const { signal } = new AbortController();
const red = { id: "t", ttl: 60, colour: "red" };
const blue = { id: "t", ttl: 60, colour: "blue" };

let script: ScriptedContainer;
let things: PointOperations<Thing>;

beforeEach(() => {
  // Backoff without its jitter is no wait at all; an attempt's time is up after 5 ms.
  mock.method(Math, "random", () => 0);
  shortTimeouts();
  script = scriptedContainer();
  things = pointOperations(script.container, isThing);
});
afterEach(() => mock.restoreAll());

const colour = () => script.documents.get("t")?.resource["colour"];
const kinds = () => script.asked.map(({ kind }) => kind);

/** A store that holds a red thing and is about to meet `faults`. */
async function redThing(...faults: Fault[]): Promise<string> {
  await things.create(red, signal);
  const stored = script.documents.get("t") ?? assert.fail("not stored");
  script = scriptedContainer(...faults);
  script.documents.set("t", stored);
  things = pointOperations(script.container, isThing);
  return stored.etag;
}

describe("when all goes well", () => {
  test("a document is created, read, replaced and deleted, each by one request", async () => {
    assert.equal((await things.create(red, signal)).outcome, "created");
    const seen = await things.read("t", signal);
    assert.equal(seen?.document.colour, "red");
    assert.equal((await things.replace(blue, seen.etag, signal)).outcome, "replaced");
    assert.deepEqual(await things.delete("t", undefined, signal), { outcome: "deleted" });
    assert.deepEqual(kinds(), ["create", "read", "replace", "delete"]);
  });

  test("a write tells the version that it has made, which the next one can go by", async () => {
    const created = await things.create(red, signal);
    assert.ok(created.outcome === "created" && created.etag !== undefined);
    const replaced = await things.replace(blue, created.etag, signal);
    assert.ok(replaced.outcome === "replaced" && replaced.etag !== undefined);
    assert.deepEqual(await things.delete("t", replaced.etag, signal), { outcome: "deleted" });
  });

  test("every write carries a new write id", async () => {
    const etag = await redThing();
    const first = script.documents.get("t")?.resource["writeId"];
    await things.replace(red, etag, signal);
    assert.notEqual(script.documents.get("t")?.resource["writeId"], first);
  });

  test("a document that is not there is read as none", async () => {
    assert.equal(await things.read("t", signal), undefined);
  });
});

describe("when others came first", () => {
  test("create reports what is there", async () => {
    await redThing();
    const result = await things.create(blue, signal);
    assert.ok(result.outcome === "conflict" && result.current.document.colour === "red");
  });

  test("replace and delete report what the others left, and leave it", async () => {
    await redThing();
    for (const result of [await things.replace(blue, '"old"', signal), await things.delete("t", '"old"', signal)]) {
      assert.ok(result.outcome === "conflict" && result.current.document.colour === "red");
    }
    assert.equal(colour(), "red");
  });

  test("a deleted document stays deleted", async () => {
    assert.deepEqual(await things.replace(blue, '"old"', signal), { outcome: "gone" });
    assert.deepEqual(await things.delete("t", '"old"', signal), { outcome: "gone" });
    assert.equal(colour(), undefined);
  });

  test("a document deleted between the refusal and the look at it is gone", async () => {
    await redThing();
    script.after = (request) => request === 1 && script.documents.delete("t");
    assert.deepEqual(await things.create(blue, signal), { outcome: "gone" });
  });
});

describe("when the answer to a write is lost", () => {
  const lost: readonly Fault[] = [{ network: "reset after commit" }, { network: "hang, then commit" }];
  for (const fault of lost) {
    const how = "network" in fault ? fault.network : "";

    test(`${how}: a create is recognised as done`, async () => {
      script.faults.push(fault);
      assert.equal((await things.create(red, signal)).outcome, "created");
      assert.equal(colour(), "red");
    });

    test(`${how}: a replace is recognised as done`, async () => {
      const etag = await redThing(fault);
      assert.equal((await things.replace(blue, etag, signal)).outcome, "replaced");
      assert.equal(colour(), "blue");
    });

    test(`${how}: a delete that finds the document gone has deleted it`, async () => {
      const etag = await redThing(fault);
      assert.deepEqual(await things.delete("t", etag, signal), { outcome: "deleted" });
      assert.equal(colour(), undefined);
    });

    test(`${how}: a replace that a sign-out overtook is not repeated onto nothing`, async () => {
      const etag = await redThing(fault);
      script.after = (request) => request === 1 && script.documents.delete("t");
      if (how.startsWith("hang")) setTimeout(() => script.documents.delete("t"), 1);
      assert.deepEqual(await things.replace(blue, etag, signal), { outcome: "gone" });
      assert.equal(colour(), undefined);
    });
  }

  test("a replace that somebody else's write followed is a conflict with that write", async () => {
    const etag = await redThing({ network: "reset after commit" });
    const theirs = { resource: { ...red, colour: "green", writeId: "theirs" }, etag: '"theirs"' };
    script.after = (request) => request === 1 && script.documents.set("t", theirs);
    const result = await things.replace(blue, etag, signal);
    assert.ok(result.outcome === "conflict" && result.current.document.colour === "green");
  });

  test("a write that never arrived is done by the second attempt, once", async () => {
    const etag = await redThing({ network: "reset before commit" });
    assert.equal((await things.replace(blue, etag, signal)).outcome, "replaced");
    assert.deepEqual(kinds(), ["replace", "replace"]);
    assert.equal(colour(), "blue");
  });
});

describe("an answer that cannot be true is not believed", () => {
  const garbage: readonly [what: string, read: object][] = [
    ["no document", { statusCode: 200 }],
    ["another document", { statusCode: 200, resource: { ...red, id: "other" }, etag: '"1"' }],
    ["a list", { statusCode: 200, resource: [], etag: '"1"' }],
    [
      "no version, with which a write would overwrite anything",
      { statusCode: 200, resource: { ...red, writeId: "w" } },
    ],
  ];
  for (const [what, read] of garbage) {
    test(`${what}: it is read again`, async () => {
      const etag = await redThing({ read });
      assert.equal((await things.read("t", signal))?.etag, etag);
      assert.deepEqual(kinds(), ["read", "read"]);
    });
  }

  test("a document of another shape is a failure, not a missing session", async () => {
    script.documents.set("t", { resource: { id: "t" }, etag: '"1"' });
    await assert.rejects(things.read("t", signal), isProblem("store_unavailable"));
  });
});

describe("a 404 that is not about the document tells nothing about it", () => {
  const reasons: readonly [what: string, substatus: number][] = [
    ["without its container", 1003],
    ["while the replica is behind", 1002],
  ];
  const operations: readonly [what: string, run: () => Promise<unknown>][] = [
    ["a read", () => things.read("t", signal)],
    ["a create", () => things.create(red, signal)],
    ["a refresh's replace", () => things.replace(red, '"1"', signal)],
    ["a sign-out's delete", () => things.delete("t", '"1"', signal)],
  ];
  for (const [what, substatus] of reasons) {
    for (const [operation, run] of operations) {
      test(`${what} the store is unavailable for ${operation}, rather than empty`, async () => {
        script.faults.push(...Array.from({ length: 50 }, () => ({ status: 404, substatus })));
        await assert.rejects(run(), isProblem("store_unavailable"));
      });
    }
  }

  test("other than one without a substatus, or with none that matters", async () => {
    for (const fault of [{ status: 404 }, { status: 404, substatus: 0 }]) {
      script.faults.push(fault, fault, fault);
      assert.equal(await things.read("t", signal), undefined);
      assert.deepEqual(await things.replace(red, '"1"', signal), { outcome: "gone" });
      assert.deepEqual(await things.delete("t", '"1"', signal), { outcome: "gone" });
    }
  });
});

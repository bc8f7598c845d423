import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Container } from "@azure/cosmos";
import { isRecord } from "../../shared/core/encoding.ts";
import { pointOperations, type Stored } from "../../shared/store/point-operations.ts";

interface Counter extends Stored {
  readonly n: number;
}

const isCounter = (value: unknown): value is Counter => isRecord(value) && typeof value["n"] === "number";
const { signal } = new AbortController();

/** The app's own store comes to the same outcomes at every server. */
export function describeAppStore(
  container: () => Container,
  check: (title: string, run: () => Promise<void>) => void,
): void {
  const store = () => pointOperations(container(), isCounter);

  async function created(): Promise<{ id: string; etag: string }> {
    const id = randomUUID();
    assert.equal((await store().create({ id, n: 1, ttl: 100 }, signal)).outcome, "created");
    return { id, etag: (await store().read(id, signal))?.etag ?? assert.fail("not there") };
  }

  check("the app's store creates, reads, replaces and deletes", async () => {
    const { id, etag } = await created();
    assert.equal((await store().replace({ id, n: 2, ttl: 100 }, etag, signal)).outcome, "replaced");
    const current = await store().read(id, signal);
    assert.equal(current?.document.n, 2);
    assert.deepEqual(await store().delete(id, current.etag, signal), { outcome: "deleted" });
    assert.equal(await store().read(id, signal), undefined);
  });

  check("the app's store is told what others left, and leaves it", async () => {
    const { id, etag } = await created();
    await store().replace({ id, n: 2, ttl: 100 }, etag, signal);
    const late = [
      await store().create({ id, n: 3, ttl: 100 }, signal),
      await store().replace({ id, n: 3, ttl: 100 }, etag, signal),
      await store().delete(id, etag, signal),
    ];
    for (const result of late) {
      assert.equal(result.outcome, "conflict");
      assert.equal("current" in result && result.current.document.n, 2);
    }
    assert.equal((await store().read(id, signal))?.document.n, 2);
  });

  check("the app's store does not bring back what was deleted", async () => {
    const { id, etag } = await created();
    await store().delete(id, etag, signal);
    assert.deepEqual(await store().replace({ id, n: 2, ttl: 100 }, etag, signal), { outcome: "gone" });
    assert.deepEqual(await store().delete(id, etag, signal), { outcome: "gone" });
    assert.equal(await store().read(id, signal), undefined);
  });
}

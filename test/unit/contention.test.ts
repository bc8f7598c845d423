import assert from "node:assert/strict";
import { test } from "node:test";
import { untilSettled, type Attempt } from "../../shared/store/contention.ts";
import { StoreContentionError } from "../../shared/store/errors.ts";
import type { Stored } from "../../shared/store/point-operations.ts";

test("a change that others refuse waits before it tries again, instead of using up its attempts at once", async () => {
  const asked = new AbortController();
  let attempts = 0;
  const refused = async (): Promise<Attempt<Stored, never>> => {
    attempts++;
    return { outcome: "refused", current: undefined };
  };
  const operations = { read: async () => undefined };
  const change = untilSettled(operations, "ada", undefined, refused, asked.signal);
  const failed = assert.rejects(change, StoreContentionError);
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  asked.abort();
  await failed;
  assert.ok(attempts >= 2 && attempts < 20, `${attempts} attempts`);
});

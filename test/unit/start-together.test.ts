import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import { startTogether } from "../support/start-together.ts";

test("of parts that start together, those that do are stopped when one does not, however late they are there", async () => {
  const stopped: string[] = [];
  const part = (name: string) => ({ stop: async () => void stopped.push(name) });
  const late = turn().then(() => part("late"));
  const starting = startTogether(Promise.resolve(part("early")), Promise.reject(new Error("no port")), late);
  await assert.rejects(starting, /no port/);
  assert.deepEqual(stopped.sort(), ["early", "late"]);
});

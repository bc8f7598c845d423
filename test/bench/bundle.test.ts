import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

test("the bundle is at most 800 KB", async () => {
  const { byteLength } = await readFile("dist/index.cjs");
  assert.ok(byteLength <= 800_000, `${byteLength} bytes: npm run build -- --analyze says what they are`);
});

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

test("every test that docs/security.md names is there", () => {
  const kinds = "browser|contract|fault|flow|fuzz|infra|proxy|race|soak|unit";
  const named = [
    ...read("docs/security.md").matchAll(new RegExp(`\`((?:${kinds}|packages/[\\w-]+/test)/[\\w-]+)\``, "g")),
  ];
  assert.ok(named.length > 40, `${named.length} tests`);
  for (const [, name = ""] of named) {
    const file = name.startsWith("packages/") ? `${name}.test.ts` : `test/${name}.test.ts`;
    assert.ok(existsSync(join(root, file)), name);
  }
});

test("every line of the checklists in docs/security.md names its test", () => {
  const rows = read("docs/security.md").matchAll(/^\| (?!---|Asset|Attacker|Recommendation|Requirement)(.+)\|$/gm);
  for (const [, row = ""] of rows) {
    const cells = row.split("|").map((cell) => cell.trim());
    if (cells.length > 2) assert.match(cells.at(-1) ?? "", /^`[a-z]+\/[\w-]+`/, row);
  }
});

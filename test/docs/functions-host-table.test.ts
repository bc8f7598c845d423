import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { it } from "node:test";

const page = readFileSync("packages/functions-host/README.md", "utf8");
const tests = globSync("packages/functions-host/test/*.test.ts").map((file) => readFileSync(file, "utf8"));

/** The rows of the table below a heading, cell by cell. */
function rowsOf(heading: string): string[][] {
  const [, section = ""] = page.split(`## ${heading}\n`);
  const [table = ""] = section.split("\n## ");
  const lines = table.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function hasTest(title: string, among: readonly string[] = tests): boolean {
  return among.some((text) => text.includes(`("${title}"`) || text.includes(`\n  "${title}"`));
}

it("every row that is marked is held against any host that is given", () => {
  const contract = tests.filter((text) => text.includes("FUNCTIONS_HOST_URL"));
  const marked = rowsOf("What it imitates").filter(([what]) => what?.startsWith("◆"));
  assert.ok(marked.length > 10);
  for (const [what, title = ""] of marked)
    assert.ok(hasTest(title, contract), `${what}: not among the contract's tests`);
});

it("every row about HTTP streams names a test that there is, and says what happens with them", () => {
  const rows = rowsOf("HTTP streams");
  assert.ok(rows.length > 25);
  for (const [what = "", , streamed, title = ""] of rows) {
    assert.ok(streamed, what);
    assert.ok(hasTest(title), `${what}: there is no such test`);
  }
});

it("everything that it knowingly does otherwise has its reason", () => {
  const rows = rowsOf("What it knowingly does otherwise");
  assert.ok(rows.length > 5);
  for (const [what, why] of rows) assert.ok(why, what);
});

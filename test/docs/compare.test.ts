import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readPage, tableOf } from "./markdown.ts";

/** Where the example of a row is: the first code block below a heading. */
const examples = [
  { row: "Hello", path: "README.md", heading: "## Use it" },
  { row: "Page", path: "docs/extending.md", heading: "### A function that is a page" },
  { row: "Form", path: "docs/extending.md", heading: "### A form" },
  { row: "Background", path: "docs/extending.md", heading: "## Background work: no person, no tokens" },
];

describe("the lines of one's own code in docs/compare.md", () => {
  const rows = tableOf(readPage("docs/compare.md"), "What you write");
  for (const { row, path, heading } of examples) {
    it(`are those of the example: ${row}`, () => {
      const [, cell = ""] = rows.find(([title]) => title?.startsWith(`${row}:`)) ?? [];
      assert.equal(Number.parseInt(cell, 10), linesOfCode(exampleBelow(path, heading)));
    });
  }
});

function exampleBelow(path: string, heading: string): string {
  const [, below = ""] = readPage(path).text.split(`\n${heading}\n`, 2);
  const [, code] = /```ts\n([^]*?)```/.exec(below) ?? [];
  return code ?? assert.fail(`${path} has no example below "${heading}"`);
}

function linesOfCode(code: string): number {
  return code.split("\n").filter((line) => line.trim() !== "").length;
}

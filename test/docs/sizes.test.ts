import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { allPages } from "./markdown.ts";
import { pageOfSizes, sizesPage } from "./sizes.ts";

describe("the sizing table", () => {
  it("is computed from the operations that each action makes (`npm run docs:sizes` writes it anew)", async () => {
    assert.equal(await readFile(sizesPage, "utf8"), await pageOfSizes());
  });

  it("is the only one", () => {
    const pages = allPages().filter(({ text }) => /People a day|person's day|RU per account/.test(text));
    assert.deepEqual(
      pages.map(({ path }) => path),
      [sizesPage],
    );
  });
});

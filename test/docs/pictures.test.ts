import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path/posix";
import { describe, it } from "node:test";
import { allPages, tokensOf } from "./markdown.ts";

const folder = "docs/images";
const pictures = readdirSync(folder).filter((name) => !name.startsWith("."));

describe("a picture of the documentation", () => {
  it("is small, and shown on a page", () => {
    assert.ok(pictures.length > 0);
    const shown = new Set(
      allPages().flatMap((page) => tokensOf(page, "image").map(({ href }) => href.split("/").at(-1))),
    );
    for (const name of pictures) {
      assert.ok(shown.has(name), `${name} is on no page`);
      assert.ok(statSync(join(folder, name)).size <= 150_000, `${name} is larger than 150 KB`);
    }
  });

  it("says what it shows to those who do not see it", () => {
    const images = allPages().flatMap((page) => tokensOf(page, "image").map(({ text }) => ({ path: page.path, text })));
    for (const { path, text } of images) assert.ok(text.length > 10, `${path}: ${text}`);
  });

  it("is taken by npm run docs:screenshots, not by hand", () => {
    const taken = [...readFileSync("test/docs/screenshots.ts", "utf8").matchAll(/ save\(\w+, "([\w-]+)"\)/g)];
    assert.deepEqual(
      taken.map(([, name = ""]) => `${name}.png`).sort(),
      pictures.toSorted((a, b) => a.localeCompare(b)),
    );
  });
});

import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { describe, it } from "node:test";
import { allPages, anchorsOf, readPage, tokensOf, type Page } from "./markdown.ts";

describe("a link in the documentation", () => {
  for (const page of allPages()) {
    const targets = [...tokensOf(page, "link"), ...tokensOf(page, "image")].map(({ href }) => href);
    if (targets.length === 0) continue;
    it(`of ${page.path} leads somewhere`, () => {
      assert.deepEqual(
        targets.flatMap((target) => problemWith(target, page) ?? []),
        [],
      );
    });
  }

  it("is found dead where there is no such file, heading or address", () => {
    const page = readPage("README.md");
    const dead = ["docs/nowhere.md", "LICENSE/x", "#nowhere", "docs/http.md#nowhere", "http://", "https://a b", "docs"];
    const alive = ["docs/http.md", "#try-it", "docs/http.md#signing-out", "LICENSE", "https://login.example/"];
    assert.deepEqual(
      [...dead, ...alive].filter((target) => problemWith(target, page) !== undefined),
      dead,
    );
  });
});

/** What is wrong with a link of `page`; external ones are looked at, not called. */
function problemWith(target: string, page: Page): string | undefined {
  if (/^[a-z][a-z\d+.-]*:/i.test(target)) return isAddress(target) ? undefined : `${target}: not an address`;
  const [path = "", anchor] = decodeURI(target).split("#", 2);
  const file = path === "" ? page.path : join(dirname(page.path), path);
  if (!existsSync(file) || !statSync(file).isFile()) return `${target}: no such file`;
  if (anchor === undefined || (file.endsWith(".md") && anchorsOf(readPage(file)).has(anchor))) return undefined;
  return `${target}: no such heading`;
}

function isAddress(target: string): boolean {
  const url = URL.parse(target);
  if (url?.protocol === "mailto:") return true;
  const known = url?.protocol === "https:" || (url?.protocol === "http:" && url.hostname === "localhost");
  return known && !/\s/.test(target);
}

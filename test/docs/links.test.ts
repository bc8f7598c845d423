import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { posix } from "node:path";
import { before, describe, it } from "node:test";
import { readPages, type Page } from "./pages.ts";

describe("the documentation", () => {
  let pages: readonly Page[];
  before(async () => {
    pages = await readPages();
  });

  const linksOf = (isMeant: (link: string) => boolean) =>
    pages.flatMap((page) => page.links.filter(isMeant).map((link) => ({ page, link })));

  it("has no link to a file that is not there", () => {
    const links = linksOf((link) => !isExternal(link) && !link.startsWith("#"));
    assert.ok(links.length > 50, "Links are not recognized any more");
    const dead = links.filter(({ page, link }) => !existsSync(targetOf(page, link)));
    assert.deepEqual(dead.map(describeLink), []);
  });

  it("has no link to a heading that is not there", () => {
    const links = linksOf((link) => !isExternal(link) && link.includes("#"));
    assert.ok(links.length > 3, "Anchors are not recognized any more");
    const dead = links.filter(({ page, link }) => {
      const target = pages.find(({ file }) => file === targetOf(page, link));
      return target !== undefined && !target.anchors.has(link.slice(link.indexOf("#") + 1));
    });
    assert.deepEqual(dead.map(describeLink), []);
  });

  it("links to the web by https, or to this machine by http", () => {
    for (const { page, link } of linksOf(isExternal)) {
      const url = new URL(link);
      const isLocal = url.protocol === "http:" && url.hostname === "localhost";
      assert.ok(isLocal || url.protocol === "https:" || url.protocol === "mailto:", describeLink({ page, link }));
    }
  });

  it("can all be found from its index", () => {
    const index = pages.find(({ file }) => file === "docs/README.md");
    const listed = new Set(index?.links.map((link) => posix.join("docs", link)));
    const missing = pages.filter(({ file }) => /^docs\/[^/]+$/.test(file) && file !== index?.file && !listed.has(file));
    assert.deepEqual(
      missing.map(({ file }) => file),
      [],
    );
  });
});

/** The file that a link leads to; the page itself for `#…`. */
function targetOf({ file }: Page, link: string): string {
  const [path = ""] = link.split("#");
  return path === "" ? file : posix.join(posix.dirname(file), decodeURIComponent(path));
}

function describeLink({ page, link }: { page: Page; link: string }): string {
  return `${page.file}: ${link}`;
}

function isExternal(link: string): boolean {
  return /^[a-z][a-z+.-]*:/i.test(link);
}

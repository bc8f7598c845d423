import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { withLocalPages } from "../../functions/local-pages.ts";
import { ConfigurationError } from "../../shared/configuration/configuration.ts";
import { configuration } from "./support/environment.ts";

const here = "http://localhost:7071";
const pagesOf = (Development__Pages: string, PublicBaseUrl = here) =>
  configuration({ Development__Pages, PublicBaseUrl }).localPages;

describe("the pages of the local platform", () => {
  test("are those that the setting names, for an app on this machine, below a path too", () => {
    const pages = pagesOf("documents=http://127.0.0.1:7074 otherApp=http://127.0.0.1:7076", `${here}/orders`);
    assert.deepEqual([...pages.keys()], ["documents", "otherApp"]);
    assert.equal(configuration().localPages.size, 0);
  });

  test("are none for an app that others reach, whatever the setting says", () => {
    assert.equal(pagesOf("documents=http://127.0.0.1:7074", "https://app.example").size, 0);
  });

  test("can only be pages of this machine", () => {
    const valid = "documents=http://127.0.0.1:7074";
    for (const value of [
      "documents=http://evil.example",
      "documents=https://127.0.0.1:7074",
      "documents=javascript:alert(1)",
      "documents=http://127.0.0.1@evil.example",
      "store=http://127.0.0.1:7074",
      "http://127.0.0.1:7074",
      `${valid},${valid}`,
      `${valid}  ${valid}`,
    ]) {
      assert.throws(() => pagesOf(value), ConfigurationError, value);
    }
  });

  test("are linked on the page at /, which has no links without them", async () => {
    const page = await readFile("web/index.html", "utf8");
    assert.equal(withLocalPages(page, new Map()), page);
    const linked = withLocalPages(page, new Map([["documents", `http://127.0.0.1:7074/"&`]]));
    assert.match(
      linked,
      /<nav id="places"[^>]*[^ ]><a data-place="documents" href="http:\/\/127\.0\.0\.1:7074\/&quot;&amp;"/,
    );
    assert.match(linked, />Stored documents<\/a><\/nav>/);
  });
});

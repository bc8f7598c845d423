import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { pageOfRaces, races, racesPage } from "./races.ts";

describe("docs/races.md", () => {
  it("lists every race as its test has it (`npm run docs:races` writes it anew)", async () => {
    assert.equal(await readFile(racesPage, "utf8"), await pageOfRaces());
  });

  it("has each race in one place: no two tests force the same interleaving", async () => {
    const all = await races();
    assert.ok(all.length > 80, `${all.length} races`);
    const places = Map.groupBy(all, ({ title }) => title.replace(/: [^:]*$/, ""));
    const twice = [...places.values()].filter((same) => new Set(same.map(({ file }) => file)).size > 1);
    assert.deepEqual(twice, []);
  });

  it("names guards that are where it says", async () => {
    for (const [, path = ""] of (await readFile(racesPage, "utf8")).matchAll(/`(shared\/[\w./-]+)`/g)) {
      assert.ok(existsSync(path), path);
    }
  });
});

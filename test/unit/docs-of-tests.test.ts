import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** The titles of a file's tests as they are written there; what is filled in at run time is "…". */
function titlesOf(path: string): string[] {
  return [...read(path).matchAll(/^ *(?:it|test)\(\s*(?:`([^`]*)`|"([^"]*)")/gm)].map(([, template, text]) =>
    (template ?? text ?? "").replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "…"),
  );
}

describe("docs/races.md", () => {
  const sections = read("docs/races.md")
    .split(/^## /m)
    .flatMap((section) => {
      const [, name] = /^`race\/([\w-]+)`/.exec(section) ?? [];
      const bullets = [...section.matchAll(/^- (.+(?:\n {2}.+)*)/gm)].map(([, bullet = ""]) =>
        bullet.replaceAll("**", "").replaceAll(/\n */g, " "),
      );
      return name === undefined ? [] : [{ name, bullets }];
    });
  const files = globSync("test/race/*.test.ts", { cwd: root });

  test("has a section for every file of race tests, and no other", () => {
    const expected = files.map((file) => basename(file, ".test.ts"));
    assert.deepEqual(sections.map(({ name }) => name).sort(), expected.sort());
  });

  for (const { name, bullets } of sections) {
    test(`names every race test in ${name}, and no other`, () => {
      assert.deepEqual(bullets.toSorted(), titlesOf(`test/race/${name}.test.ts`).toSorted());
    });
  }

  test("names guards that are where it says", () => {
    for (const [, path = ""] of read("docs/races.md").matchAll(/`(shared\/[\w./-]+)`/g)) {
      assert.ok(existsSync(join(root, path)), path);
    }
  });
});

test("every test that docs/security.md names is there", () => {
  const kinds = "browser|contract|fault|flow|fuzz|infra|race|soak|unit";
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

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, join } from "node:path";
import { describe, it } from "node:test";
import { readPage, tokensOf } from "./markdown.ts";

interface PackageManifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

for (const file of globSync("packages/*/package.json").map((path) => path.replaceAll("\\", "/"))) {
  const folder = file.slice(0, -"/package.json".length);
  const manifest = JSON.parse(readFileSync(file, "utf8")) as PackageManifest;
  const { tokens } = readPage(`${folder}/README.md`);

  describe(`the package ${basename(folder)}`, () => {
    it("has an example in its README that prints what is written below it", () => {
      const [example, output] = tokensOf({ tokens }, "code");
      assert.deepEqual([example?.lang, output?.lang], ["js", "text"]);
      assert.equal(run(folder, example?.text ?? "").trim(), output?.text);
    });

    it("names every public entry in its README, and no other", () => {
      const text = readFileSync(`${folder}/README.md`, "utf8");
      const entries = Object.keys(manifest.exports).filter((entry) => entry !== ".");
      const named = entries.filter((entry) => text.includes(`\`${entry}\``));
      assert.deepEqual(named, entries);
      for (const [, entry = ""] of text.matchAll(/^\| `(\.\/[\w-]+)`/gm)) assert.ok(entries.includes(entry), entry);
    });

    it("depends on what its sources import, and on nothing else", () => {
      const needed = importsOf(`${folder}/src/**/*.ts`);
      assert.deepEqual(needed, Object.keys(manifest.dependencies ?? {}).toSorted());
      const forTests = importsOf(`${folder}/test/**/*.ts`).filter((name) => !needed.includes(name));
      const declared = Object.keys(manifest.devDependencies ?? {}).filter((name) => !name.startsWith("@types/"));
      assert.deepEqual(forTests, declared.toSorted());
    });

    it("says of nothing that it imitates or refuses it without a test", () => {
      const titles = globSync(`${folder}/{test/*.test,src/contract}.ts`).map((path) => readFileSync(path, "utf8"));
      const rows = tokensOf({ tokens }, "table").filter(({ header }) => header[1]?.text === "Test");
      for (const [what, test] of rows.flatMap((table) => table.rows)) {
        const title = test?.text ?? "";
        const isThere = titles.some((text) => text.includes(`("${title}"`) || text.includes(` "${title}",\n`));
        assert.ok(isThere, `${what?.text}: "${title}"`);
      }
    });
  });
}

/** What the code prints that is run in a folder of its own, with the packages that `folder` sees. */
function run(folder: string, code: string): string {
  const cache = join(folder, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const cwd = mkdtempSync(join(cache, "example-"));
  try {
    const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", code];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd, encoding: "utf8", timeout: 120_000 });
    assert.equal(status, 0, stderr);
    return stdout;
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** The packages that files import, sorted. */
function importsOf(files: string): string[] {
  const specifiers = globSync(files).flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(/^(?:import|export) [^"=()]* from "([^"]+)"|\bimport\("([^"]+)"\)/gm)].map(
      ([, fixed, dynamic]) => fixed ?? dynamic ?? "",
    ),
  );
  const names = specifiers
    .filter((specifier) => !specifier.startsWith(".") && !isBuiltin(specifier))
    .map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
  return [...new Set(names)].toSorted();
}

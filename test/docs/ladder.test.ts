import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { readPage, tableOf } from "./markdown.ts";

const oxlint = resolve("node_modules/oxlint/bin/oxlint");
const outside = ["functions", "packages", "tools", "test", "bench", "scripts", "web"];

/** Folders of `shared/` with their rungs, as the page has them. */
const ladder = tableOf(readPage("docs/architecture.md"), "Rung").map(([rung = "", folder = ""]) => {
  return { rung: Number(rung), folder };
});

/** What the linter has against a file of `shared/<folder>` that imports `from` each of these places. */
type Refused = ReadonlyMap<string, ReadonlySet<string>>;

describe("the ladder of shared/", () => {
  let folder: string;
  let refused: Refused;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "ladder-"));
    refused = await lintImports(folder);
  });
  after(async () => rm(folder, { recursive: true, force: true }));

  it("has a rung for every folder, and a folder for every rung", async () => {
    const entries = await readdir("shared", { withFileTypes: true });
    assert.deepEqual(
      entries.filter((entry) => !entry.isDirectory()),
      [],
    );
    assert.deepEqual(entries.map(({ name }) => name).toSorted(), ladder.map((each) => each.folder).toSorted());
  });

  for (const { rung, folder: importer } of ladder) {
    it(`holds ${importer} to the folders on lower rungs`, () => {
      const allowed = new Set(ladder.filter((other) => other.rung < rung).map((other) => other.folder));
      const places = [...ladder.map((other) => other.folder), ...outside, "a-new-folder"];
      const expected = places.filter((place) => place !== importer && !allowed.has(place));
      assert.deepEqual([...(refused.get(importer) ?? [])].toSorted(), expected.toSorted());
    });
  }

  it("keeps functions/ from importing what is not deployed", () => {
    const expected = ["packages", "tools", "test", "bench", "scripts"];
    assert.deepEqual([...(refused.get("functions") ?? [])].toSorted(), expected.toSorted());
  });
});

/** Plants a file in each folder that imports from every other, and runs the project's linter over them. */
async function lintImports(root: string): Promise<Refused> {
  await cp(".oxlintrc.json", join(root, ".oxlintrc.json"));
  const inShared = [...ladder.map((each) => each.folder), "a-new-folder"];
  for (const { folder } of ladder) {
    const own = inShared.filter((other) => other !== folder).map((other) => `../${other}/file.ts`);
    await plant(join(root, "shared", folder), [...own, ...outside.map((other) => `../../${other}/file.ts`)]);
  }
  const others = outside.filter((other) => other !== "functions").map((other) => `../${other}/file.ts`);
  await plant(join(root, "functions"), [...others, ...inShared.map((other) => `../shared/${other}/file.ts`)]);

  // It exits with 1: there is much to refuse.
  const lint = promisify(execFile)(process.execPath, [oxlint, "--format", "unix", "."], { cwd: root });
  const { stdout } = await lint.catch((error: unknown) => error as { stdout: string });
  const found = new Map<string, Set<string>>();
  for (const [, folder = "", place = ""] of stdout.matchAll(pattern)) {
    found.set(folder, (found.get(folder) ?? new Set()).add(place));
  }
  return found;
}

const pattern =
  /^(?:shared\/)?([\w-]+)\/planted\.ts:.*?'(?:\.\.\/)+(?:shared\/)?([\w-]+)\/file\.ts' import is restricted/gm;

/** Half of the imports are static, half dynamic. */
async function plant(folder: string, imports: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const lines = imports.map((from, index) => {
    return index % 2 === 0
      ? `export { a${index} } from "${from}";`
      : `export const a${index} = () => import("${from}");`;
  });
  await writeFile(join(folder, "planted.ts"), lines.join("\n"));
}

// The page, the linter and the code agree only if the linter looks at the code.
it("is what `npm run lint` runs over all of the code", async () => {
  const { scripts } = JSON.parse(await readFile("package.json", "utf8")) as { scripts: Record<string, string> };
  assert.match(scripts["lint"] ?? "", /^oxlint [^|;]*--deny-warnings$/);
});

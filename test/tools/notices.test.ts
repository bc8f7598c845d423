import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Metafile } from "esbuild";
import { noticesOf } from "../../scripts/pack/notices.ts";

const buildOf = (...paths: readonly string[]): Metafile => {
  const input = { bytes: 1, imports: [] };
  return { inputs: Object.fromEntries(paths.map((path) => [path, input])), outputs: {} };
};

describe("the licences that the package passes on", () => {
  it("are those of every package whose code is in a build, each once, with their text", async () => {
    const msal = ["a.mjs", "b.mjs"].map((file) => `node_modules/@azure/msal-node/dist/${file}`);
    const text = await noticesOf([buildOf("shared/core/errors.ts", ...msal), buildOf("node_modules/jose/dist/x.js")]);
    assert.deepEqual(
      text.match(/^\S+ \d+\.\d+\.\d+: \S+$/gm)?.map((line) => line.replace(/ \S+:/, "")),
      ["@azure/msal-node MIT", "jose MIT"],
    );
    assert.match(text, /Copyright \(c\) 2018 Filip Skokan/);
    assert.match(text, /Permission is hereby granted/);
  });

  it("are also taken from a readme, and a package that says none stops the build", async () => {
    const folder = await mkdtemp(join(tmpdir(), "notices-"));
    const inner = join(folder, "node_modules/outer/node_modules/inner");
    await mkdir(inner, { recursive: true });
    await writeFile(join(inner, "package.json"), '{ "name": "inner", "version": "1.0.0" }');
    const build = buildOf(join(inner, "index.js"));
    await assert.rejects(noticesOf([build]), /inner does not say its licence/);
    await writeFile(join(inner, "README.md"), "# inner\n\n## License\n\nMIT\n");
    const text = await noticesOf([build]);
    await rm(folder, { recursive: true });
    assert.match(text, /^inner 1\.0\.0: MIT$/m);
  });
});

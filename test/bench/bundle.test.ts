import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, it } from "node:test";
import { build, type Metafile } from "esbuild";
import { bundleOptions } from "../../scripts/build.ts";

describe("what is deployed", () => {
  let outputs: Metafile["outputs"];
  before(async () => {
    ({
      metafile: { outputs },
    } = await build({ ...bundleOptions, write: false }));
  });

  const inputsOf = (file: string) => Object.keys(outputs[file]?.inputs ?? {});

  it("has a bundle of at most 800 KB, which is all that a start loads", async () => {
    const { byteLength } = await readFile("dist/index.cjs");
    assert.ok(byteLength <= 800_000, `${byteLength} bytes: npm run build -- --analyze says what they are`);
  });

  it("has MSAL and the queue's client in files of their own, and not in the bundle", () => {
    const packages = /\/@azure\/(msal-[^/]+|storage-[^/]+)\//;
    assert.deepEqual(
      inputsOf("dist/index.cjs").filter((input) => packages.test(input)),
      [],
    );
    for (const file of ["dist/msal-node.cjs", "dist/storage-queue.cjs"]) {
      assert.ok(inputsOf(file).some((input) => packages.test(input)));
    }
  });

  it("has no module of this project twice: each would have variables and classes of its own", () => {
    const files = Object.keys(outputs).filter((file) => file.endsWith(".cjs"));
    // Packages, and what the build itself puts in their place, may be in several.
    const own = files.flatMap(inputsOf).filter((input) => !/^(?:node_modules\/|without:)/.test(input));
    assert.ok(own.length > 200);
    assert.deepEqual(
      own.filter((input, index) => own.indexOf(input) !== index),
      [],
    );
  });
});

import { copyFile, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { bundleOptions } from "../../scripts/build.ts";

/** What a later version has instead of a line of this one. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Builds the app as a later version would be, which differs by these edits.
 * @returns a folder to run it from
 */
export async function laterVersion(edits: readonly Edit[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bff-later-"));
  const plugins = [edited(edits), ...bundleOptions.plugins];
  await build({ ...bundleOptions, plugins, outdir: join(folder, "dist"), logLevel: "silent" });
  await copyFile("host.json", join(folder, "host.json"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ main: "dist/index.cjs" }));
  return folder;
}

function edited(edits: readonly Edit[]): Plugin {
  return {
    name: "edited",
    setup(building) {
      for (const { file, from, to } of edits) {
        building.onLoad({ filter: new RegExp(`[\\\\/]${file.replaceAll(/[./]/g, "[\\\\/.]")}$`) }, async ({ path }) => {
          const text = await readFile(path, "utf8");
          if (!text.includes(from)) throw new Error(`${file} no longer has: ${from}`);
          return { loader: "ts", contents: text.replace(from, to) };
        });
      }
    },
  };
}

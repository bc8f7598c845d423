import { copyFile, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { bundleOptions } from "../../scripts/build.ts";

/** Builds the app of `own-app.ts` into a folder of its own, which the caller removes. */
export async function buildOwnApp(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bff-own-"));
  const entryPoints = { ...bundleOptions.entryPoints, index: "test/extending/own-app.ts" };
  await build({ ...bundleOptions, entryPoints, outdir: join(folder, "dist") });
  await copyFile("host.json", join(folder, "host.json"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ main: "dist/index.cjs" }));
  return folder;
}

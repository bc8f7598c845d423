import { copyFile, mkdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { functionsBundle } from "./functions-bundle.ts";

/** Folders with the source of an app that uses the package, and with its front end. */
export const sourceFolders = ["functions", "public"];

/**
 * How the app in this folder is built: `functions/index.ts` and everything that it imports go into one CommonJS bundle,
 * `dist/index.cjs`. The files that the package loads on demand are next to it.
 */
export const appBundle: BuildOptions = {
  ...functionsBundle,
  entryPoints: { index: "functions/index.ts" },
  plugins: [filesBeside()],
};

/**
 * @param where the app's folder and where its bundle goes; by default, the current folder and `dist` in it
 * @throws what esbuild has printed
 */
export async function buildApp(where?: { readonly root: string; readonly outdir: string }): Promise<void> {
  await build({ ...appBundle, ...(where && { absWorkingDir: where.root, outdir: where.outdir }) });
}

/** Does not bundle the package's own files, such as `msal-node.cjs`, but copies them next to the bundle. */
function filesBeside(): Plugin {
  return {
    name: "files-beside",
    setup(building) {
      const { absWorkingDir = ".", outdir = "dist" } = building.initialOptions;
      const folder = resolve(absWorkingDir, outdir);
      const found = new Set<string>();
      building.onResolve({ filter: /^\.\/[\w-]+\.cjs$/ }, ({ path, importer }) => {
        if (!/[\\/]bff\.cjs$/.test(importer)) return undefined;
        found.add(join(dirname(importer), path));
        return { path, external: true };
      });
      building.onEnd(async () => {
        await mkdir(folder, { recursive: true });
        await Promise.all([...found].map((file) => copyFile(file, join(folder, basename(file)))));
      });
    },
  };
}

import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = join(import.meta.dirname, "../node_modules/.cache/bundled-packages");

/** Of the packages that most test files load, those with the most modules, and the names of their bundles. */
const names: Readonly<Record<string, string>> = {
  "@azure/cosmos": "cosmos",
  "oidc-provider": "oidc-provider",
};

/** The URL of a package's bundle; undefined for other packages. */
export function bundleOf(name: string): string | undefined {
  const file = names[name];
  return file === undefined ? undefined : pathToFileURL(join(folder, `${file}.mjs`)).href;
}

/**
 * Makes one file of each of these packages. To find and link their modules, some 600, is most of the work of loading
 * the local platform, and almost every test file loads it.
 */
export async function bundlePackages(): Promise<void> {
  const { build } = await import("esbuild");
  await build({
    entryPoints: Object.fromEntries(Object.entries(names).map(([name, file]) => [file, name])),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    // Both look at the names of their classes.
    keepNames: true,
    // For what they have from CommonJS packages.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "error",
  });
}

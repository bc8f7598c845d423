import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "esbuild";

const project = join(import.meta.dirname, "..");
const folder = join(project, "node_modules/.cache/bundled-packages");
const index = join(folder, "index.json");

/** Of the packages from npm that most test files load, those with the most modules. */
const fromNpm = ["@azure/cosmos", "oidc-provider"];

/** The functions host, which is started as a process of its own. */
const program = join(project, "packages/functions-host/src/main.ts");

/** The URLs of the bundles, by the name or URL of the module that each of them begins with. */
export function bundles(): ReadonlyMap<string, string> {
  return new Map(JSON.parse(readFileSync(index, "utf8")) as [string, string][]);
}

/**
 * Makes a few files of the most loaded packages from npm and of this project's own, which are some 900 modules. To find and
 * link these is most of the work of starting the local platform, and almost every test file starts it. All bundles
 * are made at once, so that none has a second copy of what another one has.
 */
export async function bundlePackages(): Promise<void> {
  const { build } = await import("esbuild");
  // What earlier versions of the sources were made into.
  rmSync(folder, { recursive: true, force: true });
  const modules = [...fromNpm.map((name) => [name, name] as const), ...ownModules()];
  await build({
    entryPoints: modules.map(([, file], number) => ({ in: file, out: String(number) })),
    absWorkingDir: project,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node24",
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    external: ["azurite"],
    // Some look at the names of their classes.
    keepNames: true,
    // For what they have from CommonJS packages.
    banner: { js: 'import { createRequire as $of } from "node:module"; const require = $of(import.meta.url);' },
    plugins: [knowTheirPlace()],
    logLevel: "error",
  });
  const urls = modules.map(([name], number) => [name, pathToFileURL(join(folder, `${number}.mjs`)).href]);
  writeFileSync(index, JSON.stringify(urls));
}

/** What the packages of this project export, and {@link program}. */
function ownModules(): readonly (readonly [name: string, file: string])[] {
  const exported = globSync("packages/*/package.json", { cwd: project }).flatMap((manifest) => {
    const { name, exports } = JSON.parse(readFileSync(join(project, manifest), "utf8")) as Manifest;
    return Object.entries(exports).map(
      ([path, file]) => [join(name, path), join(project, dirname(manifest), file)] as const,
    );
  });
  return [[pathToFileURL(program).href, program], ...exported.filter(([name]) => name.startsWith("@"))];
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string>>;
}

/** What looks for files next to its own finds them next to the source. */
function knowTheirPlace(): Plugin {
  return {
    name: "know-their-place",
    setup(building) {
      building.onLoad({ filter: /packages\/[^/]+\/src\/.*\.ts$/ }, async ({ path }) => ({
        contents: (await readFile(path, "utf8"))
          .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href))
          .replaceAll("import.meta.filename", JSON.stringify(path)),
        loader: "ts",
      }));
    },
  };
}

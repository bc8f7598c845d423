import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { authTypes } from "../auth-types.ts";
import { packageOptions } from "../build.ts";
import { compile } from "./compile.ts";
import { flatTypes } from "./flat-types.ts";
import { noticesOf } from "./notices.ts";

/** What the public types are made of, the public entry last. They import nothing but each other and `@azure/functions`. */
const publicModules = [
  "shared/core/errors",
  "shared/identity/account-claims",
  "shared/identity/session-claims",
  "shared/app/sign-out-origins",
  "shared/app/hooks",
  "shared/downstream/request-init",
  "shared/http/page-policy",
  "shared/texts/advised-links",
  "shared/texts/texts",
  "shared/texts/english",
  "shared/texts/german",
  "shared/pipeline/session",
  "functions/own-function",
  "functions/bff",
] as const;

/** The programs that are the package's commands, of which `main` chooses one, and the module for tests. */
const programs = {
  main: "tools/cli/main.ts",
  start: "tools/cli/start.ts",
  func: "tools/cli/func.ts",
  package: "tools/cli/package.ts",
  deploy: "tools/cli/deploy.ts",
  doctor: "tools/doctor/main.ts",
  "app-registration": "tools/app-registration/main.ts",
  sweep: "tools/sweep/main.ts",
  testing: "tools/testing/testing.ts",
} as const;

/** Puts the package together as it is published, in `folder`. */
export async function buildProduct(folder: string): Promise<string> {
  await mkdir(join(folder, "dist"), { recursive: true });
  await Promise.all([
    writePrograms(folder),
    build(clientOptions(folder)),
    writePublicTypes(folder),
    authTypes().then(async (text) => writeFile(join(folder, "dist/client.d.ts"), text)),
    writeManifest(folder),
    cp("docs", join(folder, "docs"), { recursive: true, filter: (file) => extname(file) !== ".png" }),
    ...["README.md", "CHANGELOG.md", "LICENSE"].map(async (file) => cp(file, join(folder, file))),
  ]);
  return folder;
}

/** What has code of other packages in it, and their licences. */
async function writePrograms(folder: string): Promise<void> {
  const builds = await Promise.all([
    build({ ...packageOptions, outdir: join(folder, "dist"), metafile: true }),
    build({ ...programOptions(folder), metafile: true }),
  ]);
  await writeFile(join(folder, noticesFile), await noticesOf(builds.map(({ metafile }) => metafile)));
}

const noticesFile = "THIRD-PARTY-NOTICES.txt";

/** How the browser's module is built for bundlers. */
export function clientOptions(folder: string): BuildOptions {
  return {
    entryPoints: { client: "web/auth.ts" },
    outdir: join(folder, "dist"),
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  };
}

function programOptions(folder: string): BuildOptions {
  return {
    entryPoints: programs,
    outdir: join(folder, "dist/cli"),
    bundle: true,
    splitting: true,
    platform: "node",
    target: "node24",
    format: "esm",
    minify: true,
    legalComments: "none",
    external: ["esbuild", "@entra-functions-bff/development"],
    plugins: [commandNames()],
    // For packages that are CommonJS.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "warning",
  };
}

/** What an app's folder has instead of this project's npm scripts. */
function commandNames(): Plugin {
  return {
    name: "command-names",
    setup(building) {
      building.onLoad({ filter: /[\\/]tools[\\/].*\.ts$/ }, async ({ path }) => ({
        loader: "ts",
        contents: (await readFile(path, "utf8"))
          .replaceAll(/npm run start:func/g, "npx entra-functions-bff func")
          .replaceAll(
            /npm run (doctor|package|deploy|app-registration|sweep|dev)\b(?: --)?/g,
            "npx entra-functions-bff $1",
          )
          .replaceAll(/npm start\b/g, "npx entra-functions-bff start"),
      }));
    },
  };
}

/** The declarations of everything that is public in one file: what is not public cannot even be named. */
async function writePublicTypes(folder: string): Promise<void> {
  const compiled = join(folder, "types");
  const options = { declaration: true, emitDeclarationOnly: true, rootDir: ".", outDir: compiled };
  await compile("tsconfig.public.json", ["functions", "tools/testing"], options);
  await cp(join(compiled, "tools/testing/testing.d.ts"), join(folder, "dist/testing.d.ts"));
  const parts = await Promise.all(publicModules.map(async (name) => readFile(join(compiled, `${name}.d.ts`), "utf8")));
  await writeFile(join(folder, "dist/bff.d.cts"), flatTypes(parts));
  await rm(compiled, { recursive: true });
}

async function writeManifest(folder: string): Promise<void> {
  const project = JSON.parse(await readFile("package.json", "utf8")) as Readonly<Record<string, unknown>> & {
    readonly version: string;
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const { name, version, description, license } = project;
  const manifest = {
    name,
    version,
    description,
    license,
    type: "module",
    engines: { node: ">=20" },
    exports: {
      ".": { types: "./dist/bff.d.cts", default: "./dist/bff.cjs" },
      "./client": { types: "./dist/client.d.ts", default: "./dist/client.js" },
      "./testing": { types: "./dist/testing.d.ts", default: "./dist/cli/testing.js" },
    },
    bin: { "entra-functions-bff": "./dist/cli/main.js" },
    files: ["dist", "docs", "CHANGELOG.md", noticesFile],
    // Builds apps. What an app needs when it runs is in the package.
    dependencies: { esbuild: project.devDependencies["esbuild"] },
    // The app registers its functions with the same library.
    peerDependencies: {
      "@azure/functions": `^${project.dependencies["@azure/functions"]}`,
      "@entra-functions-bff/development": version,
    },
    peerDependenciesMeta: { "@entra-functions-bff/development": { optional: true } },
  };
  await writeFile(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

import { readFile, stat } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build, type BuildOptions, type Metafile, type Plugin } from "esbuild";
import { functionsBundle } from "../tools/cli/functions-bundle.ts";
import { readArguments } from "./arguments.ts";
import { authTypes } from "./auth-types.ts";
import { withoutUnused } from "./without-unused.ts";

/** What the Functions host loads at start. */
const entry = "dist/index.cjs";

/**
 * Packages that the app imports when it first needs them, with the names of their files. Only packages, and modules that
 * export nothing else, because a file shares no variables and classes with the bundle.
 */
const chunks: Readonly<Record<string, string>> = {
  "@azure/msal-node": "msal-node",
  "@azure/storage-queue": "storage-queue",
  "./packages/azure-monitor.ts": "telemetry-azure-monitor",
  "./packages/otlp.ts": "telemetry-otlp",
  "./packages/sdk.ts": "telemetry-sdk",
  "web-assets": "web-assets",
};

const chunkEntries = Object.fromEntries(
  Object.entries(chunks).map(([from, name]) => [name, from.replace(/^\./, "./shared/opentelemetry")]),
);

/**
 * How `dist/` is built: everything that a start needs goes into one CommonJS bundle. Next to it is a file for each of
 * the {@link chunks}, which a start does not load; one has the page's files.
 */
export const bundleOptions = {
  ...functionsBundle,
  entryPoints: { index: "functions/index.ts", ...chunkEntries },
  metafile: true,
  // The same library, minified by its makers, who can do that better than esbuild, because the file is already a
  // bundle.
  alias: { "@azure/functions": "@azure/functions/dist/azure-functions.min.js" },
  // OpenTelemetry's packages have ES modules only there; of the others, esbuild cannot leave out what is not used.
  mainFields: ["module", "main"],
  plugins: [separateChunks(), webAssets(), withoutJsonWebToken(), withoutUnused()],
} as const satisfies BuildOptions;

/**
 * The same for the package, which does not bundle `@azure/functions`, because package and app must register with the
 * same library.
 */
export const packageOptions: BuildOptions = {
  ...bundleOptions,
  entryPoints: { ...chunkEntries, bff: "functions/bff.ts" },
  sourcemap: false,
  external: [...bundleOptions.external, "@azure/functions"],
  alias: {},
};

if (import.meta.main) await main();

async function main(): Promise<void> {
  const usage = `Builds what is deployed and tested into dist/.

Usage: npm run build [-- --analyze]

  --analyze   also prints how many bytes of the bundle come from which package
`;
  const { values } = readArguments({ usage, options: { analyze: { type: "boolean" } } });
  const { metafile } = await build(bundleOptions);
  for (const file of Object.keys(metafile.outputs).filter((name) => name.endsWith(".cjs"))) {
    console.log(`${file} ${Math.round((await stat(file)).size / 1000)} KB`);
  }
  if (values.analyze) printOrigins(metafile);
}

/** Bytes in the bundle by package; this project's own files count as one. */
function printOrigins({ outputs }: Metafile): void {
  const bytes = new Map<string, number>();
  const inputs = Object.entries(outputs[entry]?.inputs ?? {});
  for (const [file, { bytesInOutput }] of inputs) {
    const origin = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? "(own)";
    bytes.set(origin, (bytes.get(origin) ?? 0) + bytesInOutput);
  }
  for (const [origin, count] of [...bytes].toSorted(([, a], [, b]) => b - a)) {
    console.log(`${String(count).padStart(8)}  ${origin}`);
  }
}

/**
 * Omits `jsonwebtoken` and its dependencies. MSAL signs with it if it is given a certificate; here it gets complete
 * assertions, which `jose` signs (`MsalCredential` has no member for a certificate).
 */
function withoutJsonWebToken(): Plugin {
  const contents = `export default {
    sign() { throw new Error("Give MSAL a clientAssertion: jsonwebtoken is not in this bundle"); },
  };`;
  return {
    name: "without-jsonwebtoken",
    setup(building) {
      building.onResolve({ filter: /^jsonwebtoken$/ }, ({ path }) => ({ path, namespace: "without" }));
      building.onLoad({ filter: /.*/, namespace: "without" }, () => ({ contents }));
    },
  };
}

/**
 * Leaves the imports of {@link chunks} to Node, which finds the files next to the bundle. A package may import one
 * statically, as `@azure/identity` does, because the package itself is loaded dynamically; this project's own modules
 * may not.
 */
function separateChunks(): Plugin {
  return {
    name: "separate-chunks",
    setup(building) {
      building.onResolve({ filter: /^@azure\/|^\.\/packages\/|^web-assets$/ }, ({ path, importer, kind }) => {
        const name = chunks[path];
        if (name === undefined || kind === "entry-point") return undefined;
        if (kind !== "dynamic-import" && !importer.includes("node_modules")) {
          return { errors: [{ text: `Import ${path} dynamically, or only its types: a start must not load it` }] };
        }
        return { path: `./${name}.cjs`, external: true };
      });
    },
  };
}

/** Resolves the import `web-assets` to the built files of `web/`. */
function webAssets(): Plugin {
  return {
    name: "web-assets",
    setup(building) {
      building.onResolve({ filter: /^web-assets$/ }, ({ path }) => ({ path, namespace: "web-assets" }));
      building.onLoad({ filter: /.*/, namespace: "web-assets" }, async () => ({
        contents: await assetsModule(),
        loader: "js",
      }));
    },
  };
}

async function assetsModule(): Promise<string> {
  const assets = {
    pageHtml: await readFile("web/index.html", "utf8"),
    pageScript: await minified("web/page.ts"),
    authScript: await minified("web/auth.ts"),
    authTypes: await authTypes(),
    styleSheet: await minified("web/style.css"),
  };
  return Object.entries(assets)
    .map(([name, text]) => `export const ${name} = "${gzipSync(text, { level: 9 }).toString("base64")}";`)
    .join("\n");
}

/** The page loads the published module, so that there is only one instance of it. */
function publishedAuth(): Plugin {
  return {
    name: "published-auth",
    setup(building) {
      building.onResolve({ filter: /^\.\/auth\.ts$/ }, () => ({ path: "./auth.js", external: true }));
    },
  };
}

async function minified(entryPoint: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entryPoint],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
    plugins: [publishedAuth()],
    logLevel: "warning",
  });
  return outputFiles[0]?.text ?? "";
}

import { readFile, stat } from "node:fs/promises";
import { build, type Plugin } from "esbuild";
import { authTypes } from "./auth-types.ts";

/** Builds `dist/index.cjs`: everything the app needs, the page's files included, in one CommonJS bundle. */
await build({
  entryPoints: ["functions/index.ts"],
  outfile: "dist/index.cjs",
  bundle: true,
  platform: "node",
  target: "node22",
  format: "cjs",
  minify: true,
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "none",
  // The Functions worker provides this module; there is no package to bundle.
  external: ["@azure/functions-core"],
  plugins: [webAssets()],
  logLevel: "warning",
});
const { size } = await stat("dist/index.cjs");
console.log(`dist/index.cjs ${Math.round(size / 1024)} KiB`);

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
    favicon: await readFile("web/favicon.svg", "utf8"),
  };
  return Object.entries(assets)
    .map(([name, text]) => `export const ${name} = ${JSON.stringify(text)};`)
    .join("\n");
}

/** The page loads the module that is published for everybody, so that there is one of it. */
function publishedAuth(): Plugin {
  return {
    name: "published-auth",
    setup(building) {
      building.onResolve({ filter: /^\.\/auth\.ts$/ }, () => ({ path: "/assets/auth.js", external: true }));
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

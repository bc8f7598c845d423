import type { BuildOptions } from "esbuild";

/** How a bundle for the Functions worker is built, whatever is in it. */
export const functionsBundle = {
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
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
  logLevel: "warning",
} as const satisfies BuildOptions;

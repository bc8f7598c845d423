import { build } from "esbuild";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export type Baseline = "hello" | "floor" | "bare-stream";

/** Builds a baseline as the app itself is built, and returns the folder to run it from. */
export async function buildBaseline(name: Baseline, folder: string): Promise<string> {
  const target = join(folder, name);
  await mkdir(join(target, "dist"), { recursive: true });
  await build({
    entryPoints: [fileURLToPath(new URL(`${name}.ts`, import.meta.url))],
    outfile: join(target, "dist/index.cjs"),
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    minify: true,
    legalComments: "none",
    external: ["@azure/functions-core"],
    alias: { "@azure/functions": "@azure/functions/dist/azure-functions.min.js" },
    logLevel: "warning",
  });
  await copyFile(fileURLToPath(new URL("../../host.json", import.meta.url)), join(target, "host.json"));
  await writeFile(join(target, "package.json"), JSON.stringify({ main: "dist/index.cjs" }));
  return target;
}

import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { bundleOptions } from "../../scripts/build.ts";
import { startWorld, type World, type WorldOptions } from "./world.ts";

const source = "test/support/page";
const parts = ["app.ts", "page.ts", "index.html"].map((name) => join(source, name));
const cache = "node_modules/.cache/page-of-tests";

/**
 * A world whose app has a page of the tests at `/`, so that what browsers are tested for does not depend on the page that this
 * project happens to show.
 */
export async function startPageWorld(options: WorldOptions = {}): Promise<World> {
  return startWorld({ ...options, appFolder: await appWithPage() });
}

/** Builds the app once for each version of the bundle, because that takes as long as starting a world. */
async function appWithPage(): Promise<string> {
  const built = await Promise.all(["dist/index.cjs", ...parts].map(async (file) => readFile(file)));
  const name = createHash("sha256").update(built.join("\0")).digest("hex").slice(0, 32);
  const folder = resolve(cache, name);
  if (!existsSync(folder)) await buildInto(folder);
  return folder;
}

/** Test files run side by side: each builds for itself, and the first one to finish is the one that counts. */
async function buildInto(folder: string): Promise<void> {
  const building = `${folder}-${randomUUID()}`;
  await mkdir(join(building, "dist"), { recursive: true });
  const [app, page] = [join(source, "app.ts"), join(source, "page.ts")];
  await build({ ...bundleOptions, entryPoints: { index: app }, minify: false, outdir: join(building, "dist") });
  await build({ entryPoints: [page], bundle: true, format: "esm", outdir: join(building, "public") });
  const chunks = (await readdir("dist")).filter((file) => file.endsWith(".cjs") && file !== "index.cjs");
  for (const file of chunks) await copyFile(join("dist", file), join(building, "dist", file));
  await copyFile("host.json", join(building, "host.json"));
  await writeFile(join(building, "package.json"), JSON.stringify({ main: "dist/index.cjs" }));
  await copyFile(join(source, "index.html"), join(building, "public/index.html"));
  await rename(building, folder).catch(async () => rm(building, { recursive: true }));
}

import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { readArguments } from "./arguments.ts";
import { buildProduct } from "./pack/product.ts";
import { buildStandIns } from "./pack/stand-ins.ts";

const packagesFolder = join(".local", "packages");

if (import.meta.main) {
  const usage = `Makes the tarballs of all packages, in ${packagesFolder}: the product's and those of the stand-ins.

Usage: npm run pack
`;
  readArguments({ usage });
  for (const file of await packAll(packagesFolder)) console.log(file);
}

/**
 * Builds every package and packs it as it would be published.
 * @param folder its contents are replaced
 * @returns the tarballs, the product's first
 */
export async function packAll(folder: string): Promise<readonly string[]> {
  await rm(folder, { recursive: true, force: true });
  const building = join(folder, "building");
  await mkdir(building, { recursive: true });
  const [product, standIns] = await Promise.all([
    buildProduct(join(building, "entra-functions-bff")),
    buildStandIns(building),
  ]);
  const { stdout } = await promisify(execFile)("npm", [
    "pack",
    "--json",
    "--pack-destination",
    folder,
    ...[product, ...standIns].map((each) => resolve(each)),
  ]);
  await rm(building, { recursive: true });
  return (JSON.parse(stdout) as readonly { readonly filename: string }[]).map(({ filename }) => join(folder, filename));
}

import { cp, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

/** What a new app has of this project as it is. */
const asHere = ["host.json", ".funcignore", "azure.yaml", ".github/workflows/deploy.yml", "infra"];
/** Of that, what is about this project only. */
const notThat = new Set(["main.snapshot.json"]);
const pages = /(?<=\s)docs\/(\w+\.md)/g;

/** Adds to the template of new apps what they share with this project's own app. */
export async function addToTemplate(folder: string): Promise<void> {
  for (const path of asHere) {
    const filter = (file: string) => !notThat.has(basename(file));
    await cp(path, join(folder, path), { recursive: true, filter });
  }
  for (const path of ["azure.yaml", ".github/workflows/deploy.yml"]) {
    const text = await readFile(path, "utf8");
    const changed = text.replace(/^name: entra-functions-bff$/m, "name: {{name}}");
    await writeFile(join(folder, path), changed.replaceAll(pages, "node_modules/entra-functions-bff/docs/$1"));
  }
  // npm would leave it out of the package.
  await rename(join(folder, "infra/publish/.npmrc"), join(folder, "infra/publish/_npmrc"));
}

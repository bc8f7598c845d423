import { cp, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Which pages the new app has: none of its own, a page without a bundler, or React with Vite. */
export const frontEnds = ["none", "plain", "react"] as const;
export type FrontEnd = (typeof frontEnds)[number];

export interface NewApp {
  /** Where it is made. The folder may exist, but must be empty. */
  readonly folder: string;
  /** Its name in package.json and in Azure. */
  readonly name: string;
  readonly frontEnd: FrontEnd;
}

/** Why the app cannot be made. */
export class CannotCreateError extends Error {}

const templates = fileURLToPath(new URL("../template", import.meta.url));
/** Files in which the placeholders are. The others are copied as they are. */
const filledIn = new Set([
  "package.json",
  "README.md",
  "azure.yaml",
  "functions/index.ts",
  "public/index.html",
  "web/index.html",
]);

/**
 * Writes the app's files.
 * @returns their paths in the folder, sorted
 * @throws {CannotCreateError} if the folder has something in it, or the name is none
 */
export async function createApp({ folder, name, frontEnd }: NewApp): Promise<readonly string[]> {
  const problem = problemOfName(name);
  if (problem !== undefined) throw new CannotCreateError(problem);
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) throw new CannotCreateError(`${folder} is not empty: nothing was changed.`);
  for (const part of ["base", frontEnd]) await cp(join(templates, part), folder, { recursive: true });
  const manifest = await mergedManifest(["base", frontEnd]);
  await writeFile(join(folder, "_package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  const files = (await Promise.all((await filesOf(folder)).map(async (file) => renamed(folder, file)))).toSorted();
  const values = { name, title: titleOf(name), version: await ownVersion() };
  for (const file of files.filter((path) => filledIn.has(path))) await fillIn(join(folder, file), values);
  return files;
}

/** What is wrong with a name for npm, azd or a folder; undefined if nothing is. */
export function problemOfName(name: string): string | undefined {
  if (/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name) && name.length <= 50) return undefined;
  return `"${name}" cannot be the name of an app: lower-case letters, digits and single hyphens, at most 50, and a letter first.`;
}

/** "contoso-orders": "Contoso Orders". */
function titleOf(name: string): string {
  return name.replaceAll(/(?:^|-)([a-z0-9])/g, (_all, first: string) => ` ${first.toUpperCase()}`).trim();
}

/** In the package, the names of some files begin with "_", because npm would read or leave out the others. */
async function renamed(folder: string, file: string): Promise<string> {
  const to = file.replace(/(^|\/)_(package\.json)$/, "$1$2").replace(/(^|\/)_(gitignore|npmrc)$/, "$1.$2");
  if (to !== file) await rename(join(folder, file), join(folder, to));
  return to;
}

type Manifest = Readonly<Record<string, unknown>>;

/** The parts' manifests as one: of two objects by the same name, the members of both. */
async function mergedManifest(parts: readonly string[]): Promise<Manifest> {
  const texts = await Promise.all(parts.map(async (part) => readFile(join(templates, part, "_package.json"), "utf8")));
  return texts.map((text) => JSON.parse(text) as Manifest).reduce(merged);
}

function merged(first: Manifest, second: Manifest): Manifest {
  const added = Object.entries(second).map(([name, value]) => {
    const is = first[name];
    const isObject = typeof is === "object" && typeof value === "object";
    return [name, isObject ? { ...is, ...value } : value] as const;
  });
  return { ...first, ...Object.fromEntries(added) };
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return files.map((file) => relative(folder, file).replaceAll("\\", "/"));
}

/** The packages have the version of this one, because they go together. */
async function ownVersion(): Promise<string> {
  const manifest = join(dirname(templates), "package.json");
  return (JSON.parse(await readFile(manifest, "utf8")) as { readonly version: string }).version;
}

async function fillIn(file: string, values: Readonly<Record<string, string>>): Promise<void> {
  const text = await readFile(file, "utf8");
  await writeFile(
    file,
    text.replaceAll(/\{\{(\w+)\}\}/g, (all, name: string) => values[name] ?? all),
  );
}

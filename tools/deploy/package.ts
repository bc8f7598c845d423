import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { filesBelow } from "../../shared/http/static-folder.ts";

/** Where the files of a front end usually are. */
export const usualFrontEnd = "public";

export interface PackagedFile {
  /** Inside the folder, with slashes. */
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** What was assembled, and where. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly files: readonly PackagedFile[];
  readonly totalBytes: number;
}

/** Where the folder to publish is assembled, with the manifest next to it. */
export const packageFolder = join(".local", "package");

/**
 * Assembles the folder that is published: the bundle and the files that it loads on demand, host.json, the front end, and
 * a package.json with only what the Functions host reads. It first empties the folder.
 * @param root the project, with the bundle built
 * @throws if there is no bundle
 */
export async function packageApp(root: string, folder: string): Promise<Manifest> {
  const project = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as ProjectManifest;
  const { name, version, main } = project;
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, dirname(main)), { recursive: true });
  const copied = [...(await builtFiles(root, main)), "host.json", ...frontEndFiles(root, project)];
  for (const file of copied) await cp(join(root, file), join(folder, file));
  // Without dependencies, nothing is installed even if Azure is asked to build.
  await writeFile(join(folder, "package.json"), `${JSON.stringify({ name, version, main }, undefined, 2)}\n`);

  const files = await Promise.all([...copied, "package.json"].map((path) => describe(folder, path)));
  const manifest = { name, version, files, totalBytes: files.reduce((total, { bytes }) => total + bytes, 0) };
  await writeFile(manifestFile(folder), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}

export interface ProjectManifest {
  readonly name: string;
  readonly version: string;
  readonly main: string;
  /** As for npm: what is published. */
  readonly files?: readonly string[];
}

/** The bundle first. @throws if there is none */
async function builtFiles(root: string, main: string): Promise<readonly string[]> {
  const names = (await readdir(join(root, dirname(main)))).filter((name) => name.endsWith(".cjs"));
  const others = names.map((name) => posix.join(dirname(main), name)).filter((file) => file !== main);
  return [main, ...others.sort()];
}

/** The folder that `bff()` is usually told to serve, and any other that package.json names in "files". */
export function frontEndFiles(root: string, { main, files = [] }: ProjectManifest): readonly string[] {
  const named = files.map((name) => posix.join(name, ".")).filter((name) => isApart(name, main));
  const folders = [...new Set([usualFrontEnd, ...named])];
  const present = folders.filter((name) => statSync(join(root, name), { throwIfNoEntry: false })?.isDirectory());
  return present.flatMap((name) => filesBelow(join(root, name)).map((file) => posix.join(name, file)));
}

/** Whether a folder is inside the project, and has not the bundle in it. */
function isApart(folder: string, main: string): boolean {
  return !folder.startsWith("..") && posix.relative(folder, main).startsWith("..");
}

/** It is next to the folder, not in it, because it is not published. */
export function manifestFile(folder: string): string {
  return `${folder}.manifest.json`;
}

async function describe(folder: string, path: string): Promise<PackagedFile> {
  const contents = await readFile(join(folder, path));
  return { path, bytes: contents.byteLength, sha256: createHash("sha256").update(contents).digest("hex") };
}

/** The manifest as a table. */
export function manifestText(folder: string, { files, totalBytes }: Manifest): string {
  const nameWidth = Math.max(...files.map(({ path }) => path.length)) + 1;
  const rows = files.map(({ path, bytes, sha256 }) => `  ${path.padEnd(nameWidth)}${sizeOf(bytes)}  ${sha256}`);
  return [folder, ...rows, `  ${"total".padEnd(nameWidth)}${sizeOf(totalBytes)}`, ""].join("\n");
}

function sizeOf(bytes: number): string {
  return `${bytes.toLocaleString("en")} bytes`.padStart(17);
}

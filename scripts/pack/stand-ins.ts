import { cp, glob, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { compile } from "./compile.ts";
import { addToTemplate } from "./template.ts";

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly private?: boolean;
}

/**
 * Puts the packages of the workspace together as they are published, below `folder`: JavaScript with types, because Node strips no
 * types below `node_modules`.
 * @returns the folders
 */
export async function buildStandIns(folder: string): Promise<readonly string[]> {
  const compiled = join(folder, "compiled");
  await compile("tsconfig.stand-ins.json", ["packages/*/src"], {
    rootDir: "packages",
    outDir: compiled,
    declaration: true,
    rewriteRelativeImportExtensions: true,
  });
  const names: string[] = [];
  for await (const manifest of glob("packages/*/package.json")) names.push(basename(join(manifest, "..")));
  return Promise.all(names.sort().map(async (name) => buildStandIn(name, compiled, join(folder, name))));
}

async function buildStandIn(name: string, compiled: string, folder: string): Promise<string> {
  const source = join("packages", name);
  await mkdir(folder, { recursive: true });
  await cp(join(compiled, name, "src"), join(folder, "dist"), { recursive: true });
  await cp("LICENSE", join(folder, "LICENSE"));
  await cp(join(source, "README.md"), join(folder, "README.md")).catch(() => undefined);
  const manifest = JSON.parse(await readFile(join(source, "package.json"), "utf8")) as Manifest;
  if (manifest.bin) await copyTemplate(join(source, "template"), join(folder, "template"));
  await writeFile(join(folder, "package.json"), `${JSON.stringify(published(manifest), undefined, 2)}\n`);
  return folder;
}

async function copyTemplate(source: string, folder: string): Promise<void> {
  await cp(source, folder, { recursive: true });
  await addToTemplate(join(folder, "base"));
}

/** The manifest without what is for the work on the package only, and with what is built in the place of the sources. */
function published({ private: _private, devDependencies: _tools, ...manifest }: Manifest): object {
  const entries = Object.entries(manifest.exports).map(([entry, source]) => {
    const built = builtOf(source);
    return [entry, { types: `${built}.d.ts`, default: `${built}.js` }] as const;
  });
  const commands = Object.entries(manifest.bin ?? {}).map(([name, source]) => [name, `${builtOf(source)}.js`] as const);
  return {
    ...manifest,
    exports: Object.fromEntries(entries),
    ...(manifest.bin && { bin: Object.fromEntries(commands) }),
    files: manifest.bin ? ["dist", "template"] : ["dist"],
  };
}

function builtOf(source: string): string {
  return source.replace(/^\.\/src\/(.*)\.ts$/, "./dist/$1");
}

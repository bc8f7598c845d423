import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Metafile } from "esbuild";

/**
 * The licences of the packages whose code is in these builds. They ask to be passed on with the code.
 * @throws if a package does not say its licence
 */
export async function noticesOf(builds: readonly (Metafile | undefined)[]): Promise<string> {
  const inputs = builds.flatMap((each) => Object.keys(each?.inputs ?? {}));
  const folders = new Set(inputs.flatMap((path) => packageFolder.exec(path)?.[0] ?? []));
  const notices = await Promise.all([...folders].map(noticeOf));
  return `${[intro, ...notices.toSorted()].join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

const intro = "This package contains code of the packages below, under their licences.";

/** The innermost, because a package may have others within it. */
const packageFolder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;

async function noticeOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copyrightnotice)\b/i.test(file));
  const texts = await Promise.all(files.toSorted().map(async (file) => readFile(join(folder, file), "utf8")));
  const named = license ?? (await licenceInReadme(folder));
  if (named === undefined) throw new Error(`${folder} does not say its licence`);
  return [`${name} ${version}: ${named}`, ...texts.map((text) => text.trim())].join("\n\n");
}

/** Old packages name it only there. */
async function licenceInReadme(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, "README.md"), "utf8").catch(() => "");
  return /^#* *Licen[cs]e\n(?:[=-]+\n)?\s*(\S.*)/im.exec(text)?.[1];
}

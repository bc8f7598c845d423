import { cp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { manifestFile } from "./package.ts";

/** The packages of one Function App that were published from here last. Each has its manifest next to it. */
export interface Published {
  readonly current: string;
  readonly previous: string;
}

/** @param folder where packages are kept */
export function publishedPackages(folder: string, app: string): Published {
  const own = join(folder, "published", app);
  return { current: join(own, "current"), previous: join(own, "previous") };
}

/** Notes that a package was published. The one before it becomes the previous one, unless it is the same. */
export async function keepPublished({ current, previous }: Published, packageFolder: string): Promise<void> {
  const before = await manifestOf(current);
  if (before === (await manifestOf(packageFolder))) return;
  if (before !== undefined) await move(current, previous);
  await replace(packageFolder, current);
}

/** Notes that the previous package was published again. */
export async function keepRolledBack({ current, previous }: Published): Promise<void> {
  const aside = `${current}.aside`;
  await move(current, aside);
  await move(previous, current);
  await move(aside, previous);
}

/** What identifies a package; undefined if there is none. */
export async function manifestOf(folder: string): Promise<string | undefined> {
  try {
    return await readFile(manifestFile(folder), "utf8");
  } catch {
    return undefined;
  }
}

async function move(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await rename(from, to);
  await rename(manifestFile(from), manifestFile(to));
}

/** The manifest comes last: a package without one does not count. */
async function replace(from: string, to: string): Promise<void> {
  for (const part of [manifestFile(to), to]) await rm(part, { recursive: true, force: true });
  await cp(from, to, { recursive: true });
  await cp(manifestFile(from), manifestFile(to));
}

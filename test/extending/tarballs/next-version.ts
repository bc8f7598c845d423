import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { npm, run } from "./installed.ts";

const version = "0.2.0";

/** The same packages as a later version of them all. @returns the tarballs */
export async function nextVersion(tarballs: readonly string[]): Promise<readonly string[]> {
  const folder = join(dirname(tarballs[0] ?? ""), version);
  const packed = await Promise.all(
    tarballs.map(async (tarball, index) => {
      const unpacked = join(folder, String(index));
      await mkdir(unpacked, { recursive: true });
      await run("tar", ["-xzf", resolve(tarball), "-C", unpacked]);
      await bump(join(unpacked, "package/package.json"));
      return join(unpacked, "package");
    }),
  );
  await npm(folder, "pack", "--silent", ...packed);
  return tarballs.map((tarball) => join(folder, tarball.slice(dirname(tarball).length + 1).replace("0.1.0", version)));
}

/** Raises the version, and that of the packages that go together with it. */
async function bump(file: string): Promise<void> {
  const manifest = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown> & { readonly version: string };
  const others = ["dependencies", "peerDependencies"].flatMap((kind) => {
    const names = (manifest[kind] ?? {}) as Readonly<Record<string, string>>;
    const raised = Object.entries(names).map(([name, range]) => [name, range === manifest.version ? version : range]);
    return kind in manifest ? [[kind, Object.fromEntries(raised) as unknown] as const] : [];
  });
  await writeFile(file, JSON.stringify({ ...manifest, version, ...Object.fromEntries(others) }));
}

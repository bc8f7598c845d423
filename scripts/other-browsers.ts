import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { findFirefox, findWebKit, installing } from "../test/browsers/find.ts";

const network = ["-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20", "-o", "Acquire::Retries=1"];

/**
 * Installs the browsers other than Chromium for the tests, if it can do so without asking: on Debian and similar
 * systems, as root, or with a sudo that needs no password if `CI` is `true`. `INSTALL_BROWSERS=no` forbids it. The
 * tests of a browser that is still missing say so; they wait as long as the file `installing` exists.
 */
export async function installOtherBrowsers(): Promise<void> {
  const wanted = [
    ...("why" in findFirefox() ? ["firefox-esr"] : []),
    ...("why" in findWebKit() ? ["webkit2gtk-driver", "xvfb"] : []),
  ];
  const prefix = wanted.length === 0 ? undefined : howToInstall();
  if (prefix === undefined) return;
  mkdirSync(dirname(installing.file), { recursive: true });
  writeFileSync(installing.file, "");
  console.log(`Installing ${wanted.join(", ")} for the browser tests; INSTALL_BROWSERS=no prevents this.`);
  const end = performance.now() + installing.limitMs;
  await quietly([...prefix, "apt-get", "update", "--quiet", ...network], end);
  const options = ["--yes", "--quiet", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=60", ...network];
  // One by one, so that a package that a distribution lacks (Ubuntu has no firefox-esr) does not prevent the others.
  for (const name of wanted) await quietly([...prefix, "apt-get", "install", ...options, name], end);
  rmSync(installing.file);
}

/** What precedes the command: nothing for root, sudo on a build machine; undefined if nothing must be installed. */
function howToInstall(): readonly string[] | undefined {
  const { INSTALL_BROWSERS, CI } = process.env;
  if (process.platform !== "linux" || INSTALL_BROWSERS === "no" || !succeeds("apt-get", "--version")) return undefined;
  const noninteractive = ["env", "DEBIAN_FRONTEND=noninteractive"];
  if (process.getuid?.() === 0) return noninteractive;
  return CI === "true" && succeeds("sudo", "-n", "true") ? ["sudo", "-n", ...noninteractive] : undefined;
}

function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore", timeout: 10_000 }).status === 0;
}

/** Runs it until `end`, a time of `performance.now()`. Its output is shown only if it fails. */
async function quietly([command = "", ...args]: readonly string[], end: number): Promise<void> {
  const timeout = Math.max(1, Math.round(end - performance.now()));
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], timeout });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => {
    child.on("error", () => resolve(null));
    child.on("close", resolve);
  });
  if (code !== 0) console.log(`${args.slice(1).join(" ")} failed:\n${output.slice(-1_000)}`);
}

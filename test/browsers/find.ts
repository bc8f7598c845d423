import { existsSync, globSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { WebKitPrograms } from "./webkit.ts";

/** The file that is there while browsers are being installed. */
export const installing = {
  file: join(import.meta.dirname, "../../node_modules/.cache/installing-browsers"),
  /** For all of it. Long enough for a slow mirror, and no longer: without the browsers the tests run all the same. */
  limitMs: 180_000,
} as const;

/** Waits while browsers are being installed. */
export async function untilInstalled(): Promise<void> {
  while (isInstalling()) await delay(200);
}

function isInstalling(): boolean {
  const { mtimeMs } = statSync(installing.file, { throwIfNoEntry: false }) ?? { mtimeMs: 0 };
  // Whoever was to remove it may have been killed.
  return Date.now() - mtimeMs < installing.limitMs;
}

/** The programs, or why there are none: what follows the browser's name in a sentence for whoever wants it. */
export type Found<Programs> = { readonly programs: Programs } | { readonly why: string };

/** The Firefox that `FIREFOX_PATH` names, or else an installed one. */
export function findFirefox(): Found<string> {
  const named = process.env["FIREFOX_PATH"] ?? "";
  if (named !== "") return existsSync(named) ? { programs: named } : { why: `is not at FIREFOX_PATH: ${named}` };
  const folders = ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].flatMap((name) => process.env[name] ?? []);
  const programs =
    onPath("firefox-esr", "firefox") ??
    [
      "/Applications/Firefox.app/Contents/MacOS/firefox",
      ...folders.map((folder) => join(folder, "Mozilla Firefox/firefox.exe")),
    ].find((path) => existsSync(path));
  return programs === undefined
    ? { why: "is not installed. Install it (Debian: firefox-esr), or set FIREFOX_PATH to its executable" }
    : { programs };
}

/** WebKitGTK's driver, its small browser, and an X server for it; on Linux only. */
export function findWebKit(): Found<WebKitPrograms> {
  if (process.platform !== "linux") return { why: "exists on Linux only" };
  const [driver, xvfb] = [onPath("WebKitWebDriver"), onPath("Xvfb")];
  const [miniBrowser] = globSync("/usr/{lib,libexec,lib64}/{*/,}webkit*gtk-*/MiniBrowser").sort();
  if (driver !== undefined && xvfb !== undefined && miniBrowser !== undefined)
    return { programs: { driver, xvfb, miniBrowser } };
  return { why: "is not installed. On Debian and Ubuntu, install webkit2gtk-driver and xvfb" };
}

function onPath(...commands: readonly string[]): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return commands.flatMap((command) => folders.map((folder) => join(folder, command))).find((path) => existsSync(path));
}

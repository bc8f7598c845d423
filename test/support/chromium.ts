import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inflate } from "@sparticuz/chromium";

/** A Chromium on this machine, and how to start it. */
export interface Chromium {
  readonly executablePath: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Whether it is the one of the npm package: a headless shell, without settings of its own about cookies. */
  readonly isBundled: boolean;
}

/**
 * Finds a Chromium: the one that `CHROMIUM_PATH` names; else, on Linux x64, the one inside the npm package
 * `@sparticuz/chromium`; else an installed Chrome, Chromium or Edge.
 * @throws {Error} when there is none
 */
export async function findChromium(): Promise<Chromium> {
  const named = process.env["CHROMIUM_PATH"];
  if (named !== undefined && named !== "") return installed(named);
  if (process.platform === "linux" && process.arch === "x64") return bundled();
  const found = usualPlaces().find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(
      "The browser tests found no Chromium. Install Google Chrome, Chromium or Microsoft Edge, or set CHROMIUM_PATH to its executable.",
    );
  }
  return installed(found);
}

function installed(executablePath: string): Chromium {
  if (!existsSync(executablePath)) throw new Error(`CHROMIUM_PATH names no file: ${executablePath}`);
  return { executablePath, environment: {}, isBundled: false };
}

function usualPlaces(): readonly string[] {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const commands = ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "microsoft-edge"];
  const windows = ["Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe"];
  const windowsFolders = ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].flatMap(
    (name) => process.env[name] ?? [],
  );
  return [
    ...folders.flatMap((folder) => commands.map((command) => join(folder, command))),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ...windowsFolders.flatMap((folder) => windows.map((path) => join(folder, path))),
  ];
}

async function bundled(): Promise<Chromium> {
  const folder = await unpack();
  return {
    executablePath: join(folder, "chromium"),
    // Its own libraries and fonts: machines without a desktop may have neither.
    environment: { LD_LIBRARY_PATH: join(folder, "al2023", "lib"), FONTCONFIG_PATH: folder },
    isBundled: true,
  };
}

/**
 * Unpacks the package once for each version. The package itself would write to the temp folder, under a name without
 * a version, and a second process would find the half-written file of the first: here a folder is filled under a name
 * of its own and then renamed, so that it is complete when it can be seen.
 */
async function unpack(): Promise<string> {
  const packageFolder = new URL("../", import.meta.resolve("@sparticuz/chromium"));
  const { version } = JSON.parse(await readFile(new URL("package.json", packageFolder), "utf8")) as { version: string };
  const cache = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));
  const folder = join(cache, `chromium-${version}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const staging = await mkdtemp(`${folder}-`);
  try {
    await inflateInto(staging, fileURLToPath(new URL("bin/", packageFolder)));
    await writeFile(join(staging, "fonts.conf"), fontsConfiguration);
    await rename(staging, folder);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    // Another process was faster.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

async function inflateInto(folder: string, archives: string): Promise<void> {
  const { TMPDIR } = process.env;
  process.env["TMPDIR"] = folder;
  // The target is looked up at once, so that the variable can be put back before anything else runs.
  const inflated = ["chromium.br", "al2023.tar.br", "fonts.tar.br"].map(async (name) => inflate(join(archives, name)));
  if (TMPDIR === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = TMPDIR;
  await Promise.all(inflated);
}

/** What the machine has, and the package's font: without any text has no height, and cannot be clicked. */
const fontsConfiguration = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir prefix="relative">fonts</dir>
</fontconfig>
`;

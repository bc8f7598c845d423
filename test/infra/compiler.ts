import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { Prediction, Template, Variant } from "./template.ts";

const run = promisify(execFile);

/** The compiler that made the committed copies: the oldest that will do, and the only one that is ever fetched. */
const pinnedVersion = "0.49.2";
const cacheFolder = join(".local", "bicep");
/** Milliseconds. It takes two seconds, or a minute where everything else runs beside it. */
const compileTimeout = 180_000;
const executable = process.platform === "win32" ? "bicep.exe" : "bicep";

export interface Compiler {
  readonly path: string;
  /** As in the generator's note in compiled templates, without the build number. */
  readonly version: string;
}

/**
 * The Bicep compiler: the one that `BICEP` names; the one on the PATH or of the Azure CLI, if it is recent; or the pinned
 * one, which `dotnet` fetches once if it can.
 * @returns why there is none, otherwise
 */
export async function findCompiler(): Promise<Compiler | string> {
  const named = process.env["BICEP"];
  if (named !== undefined) return (await tryCompiler(named)) ?? `BICEP is ${named}, which does not run`;
  const onPath = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, executable));
  const ofAzureCli = join(homedir(), ".azure", "bin", executable);
  for (const candidate of [...onPath, ofAzureCli, cachedCompiler()]) {
    const compiler = await tryCompiler(candidate);
    if (compiler !== undefined && isRecent(compiler)) return compiler;
  }
  return fetchCompiler();
}

async function tryCompiler(path: string): Promise<Compiler | undefined> {
  try {
    const { stdout } = await run(path, ["--version"], { env: environment(), timeout: 60_000 });
    const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0];
    return version === undefined ? undefined : { path, version };
  } catch {
    return undefined;
  }
}

function isRecent({ version }: Compiler): boolean {
  return version.localeCompare(pinnedVersion, "en", { numeric: true }) >= 0;
}

function packageName(): string {
  const platform = process.platform === "win32" ? "win" : process.platform === "darwin" ? "osx" : "linux";
  return `Azure.Bicep.CommandLine.${platform}-${process.arch === "arm64" ? "arm64" : "x64"}`;
}

function cachedCompiler(): string {
  return join(process.cwd(), cacheFolder, packageName().toLowerCase(), pinnedVersion, "tools", executable);
}

async function fetchCompiler(): Promise<Compiler | string> {
  const project = `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>netstandard2.0</TargetFramework>
    <DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences>
    <RestorePackagesPath>$(MSBuildThisFileDirectory)</RestorePackagesPath>
  </PropertyGroup>
  <ItemGroup><PackageDownload Include="${packageName()}" Version="[${pinnedVersion}]" /></ItemGroup>
</Project>
`;
  try {
    await mkdir(cacheFolder, { recursive: true });
    await writeFile(join(cacheFolder, "compiler.csproj"), project);
    await run("dotnet", ["restore", join(cacheFolder, "compiler.csproj")], { env: environment(), timeout: 90_000 });
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return isMissing
      ? `no Bicep ${pinnedVersion} or later here, and no dotnet`
      : `no Bicep ${pinnedVersion} or later here, and dotnet could not fetch it`;
  }
  return (await tryCompiler(cachedCompiler())) ?? "the compiler that dotnet fetched does not run";
}

export interface Compiled {
  readonly template: Template;
  /** Errors and warnings, one per line. */
  readonly diagnostics: readonly string[];
}

export async function compile(compiler: Compiler): Promise<Compiled> {
  const options = { env: environment(), timeout: compileTimeout, maxBuffer: 2 ** 26 };
  const { stdout, stderr } = await run(compiler.path, ["build", join("infra", "main.bicep"), "--stdout"], options);
  return { template: JSON.parse(stdout) as Template, diagnostics: stderr.split("\n").filter(Boolean) };
}

/** What `infra/main.bicep` would deploy, with names and settings worked out. Asks nobody. */
export async function predict(compiler: Compiler, parameters: Parameters): Promise<Prediction> {
  // The compiler writes beside its source.
  const folder = await mkdtemp(join(tmpdir(), "bicep-"));
  try {
    await cp("infra", folder, { recursive: true });
    const file = join(folder, "main.bicepparam");
    if (parameters.extra !== undefined) {
      await writeFile(file, `${await readFile(file, "utf8")}\n${parameters.extra}\n`);
    }
    await run(compiler.path, ["snapshot", file, "--mode", "overwrite", ...place], {
      env: { ...environment(), ...parameters.environment },
      timeout: compileTimeout,
    });
    return JSON.parse(await readFile(join(folder, "main.snapshot.json"), "utf8")) as Prediction;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface Parameters {
  /** What `infra/main.bicepparam` reads. */
  readonly environment: Readonly<Record<string, string>>;
  /** Bicep text after that of `infra/main.bicepparam`. */
  readonly extra?: string;
}

const clientId = { ENTRA_CLIENT_ID: "11111111-1111-4111-8111-111111111111" };

/** What the committed predictions are made of. */
export const samples: Readonly<Record<Variant, Parameters>> = {
  public: { environment: clientId },
  private: {
    environment: {
      ...clientId,
      PRIVATE_NETWORK: "true",
      FRONT_DOOR_ID: "77777777-7777-4777-8777-777777777777",
      PUBLIC_BASE_URL: "https://app.contoso.example",
      ALERT_EMAIL: "operator@contoso.example",
      AVAILABILITY_TEST: "true",
    },
    extra: `
      param zoneRedundant = true
      param cosmosCapacityMode = 'Autoscale'
      param cosmosReadRegions = ['northeurope', 'francecentral']
      param updateStrategy = 'RollingUpdate'
      param alwaysReadyInstances = 2
      param auditLogs = true
      param directoryNotifications = true`,
  },
};

const place = [
  ["--tenant-id", "22222222-2222-4222-8222-222222222222"],
  ["--subscription-id", "33333333-3333-4333-8333-333333333333"],
  ["--resource-group", "rg-sample"],
  ["--location", "westeurope"],
  ["--deployment-name", "main"],
].flat();

/** Nothing of the person's own that the parameters file could read. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, USERPROFILE, SystemRoot, TEMP, DOTNET_ROOT } = process.env;
  const own = { PATH, HOME, USERPROFILE, SystemRoot, TEMP, DOTNET_ROOT };
  // Works where the libraries for languages are not installed.
  return { ...own, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1", DOTNET_CLI_TELEMETRY_OPTOUT: "1", DOTNET_NOLOGO: "1" };
}

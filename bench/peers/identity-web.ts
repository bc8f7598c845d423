import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Peer C, built; or why it cannot be built on this machine. */
export type IdentityWebBuild = { readonly command: readonly string[] } | { readonly missing: string };

const run = promisify(execFile);
const project = fileURLToPath(new URL("identity-web", import.meta.url));
const output = fileURLToPath(new URL("../../node_modules/.cache/identity-web", import.meta.url));
const options = ["--use-current-runtime", "--artifacts-path", output, "--nologo", "--verbosity", "quiet"];
const environment = { ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: "1", DOTNET_NOLOGO: "1" };

/**
 * Builds Microsoft.Identity.Web's web app with the .NET SDK. A minute the first time, because the packages are fetched.
 * @throws if the machine has all that is needed and the program does not compile
 */
export async function buildIdentityWeb(): Promise<IdentityWebBuild> {
  const sdk = await version();
  if (sdk === undefined) return { missing: "the .NET SDK (`dotnet`) is not installed" };
  if (!(Number.parseInt(sdk) >= 10)) return { missing: `it needs .NET SDK 10; ${sdk} is installed` };
  try {
    await dotnet("restore", project, ...options, "-p:Configuration=Release");
  } catch (error) {
    return { missing: `its NuGet packages cannot be had: ${reasonOf(error)}` };
  }
  const app = `${output}/app`;
  await dotnet("publish", project, ...options, "--no-restore", "--configuration", "Release", "--output", app);
  return { command: ["dotnet", `${app}/identity-web.dll`] };
}

async function version(): Promise<string | undefined> {
  try {
    return (await dotnet("--version")).trim();
  } catch {
    return undefined;
  }
}

async function dotnet(...args: readonly string[]): Promise<string> {
  const { stdout } = await run("dotnet", [...args], { env: environment });
  return stdout;
}

/** The first error that NuGet names. */
function reasonOf(error: unknown): string {
  const { stdout = "", message = "" } = error as { stdout?: string; message?: string };
  return /error (\w+: .*?)(?: \[|$)/m.exec(stdout)?.[1] ?? message;
}

/** The app's settings as ASP.NET Core reads them. Certificates come from a file that Node.js has another name for. */
export function identityWebSettings(
  settings: Readonly<Record<string, string | undefined>>,
  { port, keysFolder, withMemory }: { port: number; keysFolder: string; withMemory: boolean },
): Record<string, string | undefined> {
  return {
    ...settings,
    ASPNETCORE_ENVIRONMENT: "Production",
    ASPNETCORE_URLS: `http://localhost:${port}`,
    SSL_CERT_FILE: settings["NODE_EXTRA_CA_CERTS"],
    AzureAd__ClientCredentials__0__SourceType: "ClientSecret",
    KeysFolder: keysFolder,
    WithoutMemoryCache: String(!withMemory),
  };
}

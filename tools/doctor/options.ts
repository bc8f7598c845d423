import { parseArgs } from "node:util";
import { baseUrlOf } from "../../shared/configuration/public-address.ts";
import { isLoopback } from "../../shared/configuration/settings-reader.ts";
import { settings } from "../../shared/configuration/settings.ts";

export const usage = `Checks everything that the app needs, and prints a line for each check.

Usage: npm run doctor                          checks this machine: its settings, and the app they are for
       npm run doctor -- --url <url>           checks a deployment: what the app itself finds, and its registration

  --url <url>                where the deployment is, as PublicBaseUrl says it: https://app.example
  --settings <file>          a file like local.settings.json, or what az functionapp config appsettings list prints,
                             to use instead of local.settings.json and the settings of npm start
  --managed-identity <id>    with --url: client id or principal id of the identity that the registration must trust
  --graph-url <url>          Microsoft Graph, https or loopback (GRAPH_URL, or that of the cloud)
  --help                     shows this text

Settings come from the environment, then from local.settings.json, then from npm start while it runs. Requests to Azure
use your own sign-in, the first of these that exists: environment variables of a service principal, az login,
azd auth login, Connect-AzAccount. The command changes nothing.

  ✓ fine    ! works, but look at it    ✗ failed    – not checked, with the reason

Exit codes: 0 nothing failed, 1 something failed or there was nothing to check, 2 wrong arguments.
`;

export interface Options {
  /** Of a deployment: its origin and path, without a trailing slash. */
  readonly url: string | undefined;
  readonly settingsFile: string | undefined;
  readonly managedIdentity: string | undefined;
  /** Origin, without a trailing slash. */
  readonly graphUrl: string | undefined;
}

/** Wrong arguments; the message names them. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** @throws {UsageError} */
export function readOptions(args: readonly string[]): Options | "help" {
  const values = parse(args);
  if (values.help === true) return "help";
  const { url, settings: settingsFile, "managed-identity": managedIdentity, "graph-url": graphUrl } = values;
  if (url !== undefined && settingsFile !== undefined) throw new UsageError("--url and --settings exclude each other");
  if (managedIdentity !== undefined && url === undefined) {
    throw new UsageError("--managed-identity needs --url; otherwise the settings say it");
  }
  if (managedIdentity !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(managedIdentity)) {
    throw new UsageError(`--managed-identity must be a GUID, not "${managedIdentity}"`);
  }
  return {
    url: url === undefined ? undefined : readBaseUrl(url),
    settingsFile,
    managedIdentity: managedIdentity?.toLowerCase(),
    graphUrl: graphUrl === undefined ? undefined : readGraphUrl("--graph-url", graphUrl),
  };
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        url: { type: "string" },
        settings: { type: "string" },
        "managed-identity": { type: "string" },
        "graph-url": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : "wrong arguments");
  }
}

function readBaseUrl(value: string): string {
  const url = baseUrlOf(value);
  if (url === undefined) throw new UsageError(`--url must be ${settings.publicBaseUrl.expects}, not "${value}"`);
  return url;
}

/** @throws {UsageError} */
export function readGraphUrl(option: string, value: string): string {
  const url = URL.parse(value);
  const allowed = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (!allowed || url.href !== `${url.origin}/`) {
    throw new UsageError(`${option} must be an https origin (http for loopback only), not "${value}"`);
  }
  return url.origin;
}

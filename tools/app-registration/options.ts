import { parseArgs } from "node:util";
import { baseUrlOf } from "../../shared/configuration/public-address.ts";
import { cloudOf, type Cloud } from "../../shared/configuration/clouds.ts";
import { isLoopback } from "../../shared/configuration/settings-reader.ts";
import { settings } from "../../shared/configuration/settings.ts";
import { AppRegistrationError } from "./errors.ts";

export const usage = `Creates or updates the app registration in Microsoft Entra ID with which this app signs people in.

Usage: npm run app-registration -- --base-url <url> (--name <name> | --client-id <id>) [options]

  --base-url <url>           the app, as browsers see it: https://app.example, or https://app.example/orders
  --name <name>              display name. The command finds the registration again by a unique name made from it
  --client-id <id>           the registration to update, instead of the one found by its name
  --managed-identity <id>    client id or principal id of the user-assigned managed identity that the app runs as;
                             the registration will trust this identity, so that the app needs no secret
  --sign-in-audience <who>   single-tenant (default for a new registration) or multi-tenant
  --scope <scope>            permission to request (User.Read), may be repeated. For an API other than Microsoft
                             Graph: <application id URI>/<name> or <client id>/<name>
  --tenant-id <id>           the tenant, if it is not the one you are signed in to
  --instance <url>           the identity provider, as AzureAd__Instance says it (or that setting, or
                             https://login.microsoftonline.com/); names the cloud
  --graph-url <url>          Microsoft Graph, https or loopback (GRAPH_URL, or that of the cloud)
  --dry-run                  shows the difference and changes nothing
  --json                     prints the result as JSON
  --help                     shows this text

The command uses your own sign-in, the first of these that exists: environment variables of a service principal,
az login, azd auth login, Connect-AzAccount. It does not touch other redirect URIs, optional claims, permissions
and federated credentials.
Exit codes: 0 done, 1 not done, 2 wrong arguments.
`;

export interface Options {
  /** Origin and path, without a trailing slash. */
  readonly baseUrl: string;
  readonly name: string | undefined;
  readonly clientId: string | undefined;
  readonly managedIdentity: string | undefined;
  readonly signInAudience: "AzureADMyOrg" | "AzureADMultipleOrgs" | undefined;
  readonly scopes: readonly string[];
  readonly tenantId: string | undefined;
  /** With a trailing slash. */
  readonly instance: string;
  /** That of `instance`. */
  readonly cloud: Cloud;
  /** Origin, without a trailing slash. */
  readonly graphUrl: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** @throws {AppRegistrationError} `usage` */
export function readOptions(args: readonly string[], environment: NodeJS.ProcessEnv): Options | "help" {
  const values = parse(args);
  if (values.help === true) return "help";
  if (values.name === undefined && values["client-id"] === undefined) throw wrong("--name or --client-id is missing");
  const instance = readInstance(values.instance ?? environment[settings.instance.name] ?? settings.instance.default);
  const cloud = cloudOf(new URL(instance).host);
  return {
    baseUrl: readBaseUrl(values["base-url"]),
    name: readName(values.name),
    clientId: readGuid("--client-id", values["client-id"]),
    managedIdentity: readGuid("--managed-identity", values["managed-identity"]),
    signInAudience: readAudience(values["sign-in-audience"]),
    scopes: readScopes(values.scope ?? ["User.Read"]),
    tenantId: readGuid("--tenant-id", values["tenant-id"]),
    instance,
    cloud,
    graphUrl: readGraphUrl(values["graph-url"] ?? environment["GRAPH_URL"] ?? cloud.graphs[0]),
    dryRun: values["dry-run"] ?? false,
    json: values.json ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        "base-url": { type: "string" },
        name: { type: "string" },
        "client-id": { type: "string" },
        "managed-identity": { type: "string" },
        "sign-in-audience": { type: "string" },
        scope: { type: "string", multiple: true },
        "tenant-id": { type: "string" },
        instance: { type: "string" },
        "graph-url": { type: "string" },
        "dry-run": { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    return values;
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : "wrong arguments");
  }
}

function wrong(message: string): AppRegistrationError {
  return new AppRegistrationError("usage", message);
}

function readBaseUrl(value: string | undefined): string {
  if (value === undefined) throw wrong("--base-url is missing");
  const url = baseUrlOf(value);
  if (url === undefined) throw wrong(`--base-url must be ${settings.publicBaseUrl.expects}, not "${value}"`);
  return url;
}

/** Microsoft Entra accepts 120 characters for apps that work or school accounts sign in to. */
function readName(value: string | undefined): string | undefined {
  const name = value?.trim();
  if (name === "" || (name !== undefined && name.length > 120)) throw wrong("--name must have 1 to 120 characters");
  return name;
}

function readGuid(option: string, value: string | undefined): string | undefined {
  if (value !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) {
    throw wrong(`${option} must be a GUID, not "${value}"`);
  }
  return value?.toLowerCase();
}

function readAudience(value: string | undefined): Options["signInAudience"] {
  if (value === undefined) return undefined;
  if (value === "single-tenant") return "AzureADMyOrg";
  if (value === "multi-tenant") return "AzureADMultipleOrgs";
  throw wrong(`--sign-in-audience must be single-tenant or multi-tenant, not "${value}"`);
}

/** One argument may hold several scopes, like the corresponding setting. */
function readScopes(values: readonly string[]): readonly string[] {
  const scopes = [...new Set(values.flatMap((value) => value.split(/\s+/)).filter(Boolean))];
  const wide = scopes.find((scope) => scope === ".default" || scope.endsWith("/.default"));
  if (wide !== undefined) throw wrong(`--scope must name one permission, not "${wide}"`);
  return scopes;
}

function readInstance(value: string): string {
  const url = URL.parse(value);
  if (url?.protocol !== "https:") throw wrong(`--instance must be ${settings.instance.expects}, not "${value}"`);
  return url.href.endsWith("/") ? url.href : `${url.href}/`;
}

function readGraphUrl(value: string): string {
  const url = URL.parse(value);
  const confidential = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (!confidential || url.href !== `${url.origin}/`) {
    throw wrong(`--graph-url must be an https origin (http for loopback only), not "${value}"`);
  }
  return url.origin;
}

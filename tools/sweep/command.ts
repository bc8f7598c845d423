import { parseArgs } from "node:util";
import { CosmosClient } from "@azure/cosmos";
import type { TokenCredential } from "@azure/identity";
import type { Environment } from "../../shared/configuration/settings-reader.ts";
import { settings } from "../../shared/configuration/settings.ts";
import { sweep, SweepError } from "./sweep.ts";

export const usage = `Deletes what people leave in the store who were signed out with everybody else and do not come back.

Usage: npm run sweep -- --endpoint <url>             counts the documents, and deletes nothing
       npm run sweep -- --endpoint <url> --delete    deletes them

  --endpoint <url>     the Azure Cosmos DB account: the output cosmosEndpoint of the deployment (or the setting CosmosDb)
  --database <name>    the database (auth)
  --delete             deletes. It cannot be taken back
  --help               shows this text

Only documents go that were last written before the time that PUT /auth/not-before has set for everybody, and only in the
version that was found: whoever signs in meanwhile stays signed in. If the command ends early, run it again.

It uses your own sign-in, the first of these that exists: environment variables of a service principal, az login,
azd auth login, Connect-AzAccount. You need a role on the database that permits queries and deleting.

Exit codes: 0 done, 1 not done, 2 wrong arguments.
`;

export interface CommandEnvironment {
  readonly environment: Environment;
  /** The operator's own credential. */
  readonly signIn: () => Promise<TokenCredential>;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

/** Runs the command and returns its exit code. */
export async function runSweep(args: readonly string[], on: CommandEnvironment): Promise<0 | 1 | 2> {
  const options = readOptions(args, on.environment);
  if (typeof options === "string") {
    on.printError(`${options}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    on.print(usage);
    return 0;
  }
  const client = await clientFor(options, on);
  try {
    const { before, documents, requestUnits } = await sweep(client.database(options.database), !options.delete);
    const what = options.delete ? "deleted" : "could be deleted: run again with --delete";
    on.print(`${documents} documents were last written before ${before}, and ${what}. `);
    on.print(`This took ${Math.round(requestUnits)} request units.\n`);
    return 0;
  } catch (error) {
    on.printError(`${reasonOf(error)}\n`);
    return 1;
  } finally {
    client.dispose();
  }
}

type Options = Exclude<ReturnType<typeof readOptions>, string>;

/** @returns what is wrong with the arguments, if anything is */
function readOptions(args: readonly string[], environment: Environment) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        endpoint: { type: "string" },
        database: { type: "string", default: settings.cosmosDatabaseName.default },
        delete: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const connectionString = environment[settings.cosmosConnectionString.name];
    const isNamed = values.endpoint === undefined ? Boolean(connectionString) : URL.canParse(values.endpoint);
    return isNamed || values.help ? { ...values, connectionString } : "--endpoint must be an https URL";
  } catch (error) {
    return error instanceof Error ? error.message : "wrong arguments";
  }
}

async function clientFor({ endpoint, connectionString = "" }: Options, { signIn }: CommandEnvironment) {
  if (endpoint === undefined) return new CosmosClient(connectionString);
  return new CosmosClient({ endpoint, aadCredentials: await signIn() });
}

/** An answer of the database begins with its reason, and has a page of diagnostics after it. */
function reasonOf(error: unknown): string {
  if (error instanceof SweepError) return error.message;
  const { code = "no answer", message = "" } = error as { readonly code?: string | number; readonly message?: string };
  return `Not done (${code}): ${message.split("\n")[0] ?? ""}`;
}

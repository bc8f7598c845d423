import { baseUrlOf } from "../../shared/configuration/public-address.ts";
import type { Environment } from "../../shared/configuration/settings-reader.ts";
import { settings } from "../../shared/configuration/settings.ts";
import { diagnoseDeployment, diagnoseHere, type Operator } from "./diagnose.ts";
import { notChecked, type Finding } from "./finding.ts";
import { readGraphUrl, readOptions, usage, UsageError, type Options } from "./options.ts";
import { reportText } from "./print.ts";
import { readSettings, type SettingsSource } from "./settings-source.ts";

export interface CommandEnvironment {
  readonly environment: Environment;
  /** The operator's own credential. */
  readonly signIn: Operator["signIn"];
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
  /** Whether the output may have colours. */
  readonly colour: boolean;
  readonly longestWaitMs?: number;
}

/** Runs the command and returns its exit code. It throws only on a fault of this program. */
export async function runDoctor(args: readonly string[], on: CommandEnvironment): Promise<0 | 1 | 2> {
  try {
    const options = readOptions(args);
    if (options === "help") {
      on.print(usage);
      return 0;
    }
    const findings = await diagnose(options, on);
    on.print(reportText(findings, on.colour));
    const isBad = findings === nothingHere || findings.some(({ status }) => status === "failed");
    return isBad ? 1 : 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    on.printError(`${error.message}\n\n${usage}`);
    return 2;
  }
}

async function diagnose(options: Options, on: CommandEnvironment): Promise<readonly Finding[]> {
  const source = await sourceOf(options, on);
  if (options.url === undefined && source.isEmpty) return nothingHere;
  const given = isHere(options, source.environment) ? source.environment : on.environment;
  const fromEnvironment = given["GRAPH_URL"];
  const operator: Operator = {
    signIn: on.signIn,
    graphUrl: options.graphUrl ?? (fromEnvironment ? readGraphUrl("GRAPH_URL", fromEnvironment) : undefined),
    longestWaitMs: on.longestWaitMs ?? 1_000,
  };
  if (options.url === undefined) return diagnoseHere(source, operator);
  return diagnoseDeployment(options.url, options.managedIdentity, operator);
}

/** A local settings file that cannot be read does not affect the check of a deployment. */
async function sourceOf({ url, settingsFile }: Options, { environment }: CommandEnvironment): Promise<SettingsSource> {
  const source = readSettings(environment, settingsFile);
  return url === undefined ? source : source.catch(() => ({ environment, sources: "the environment", isEmpty: true }));
}

/**
 * Whether the command is about this machine. The stand-in that `npm start` runs knows only its own app, not a
 * deployment.
 */
export function isHere({ url }: Options, environment: Environment): boolean {
  return url === undefined || url === baseUrlOf(environment[settings.publicBaseUrl.name] ?? "");
}

const nothingHere: readonly Finding[] = [
  notChecked(
    "Settings",
    "nothing runs here, and no settings are given. Run the app with stand-ins for everything (npm start), give settings for " +
      "real parts (docs/configuration.md), or check a deployment (npm run doctor -- --url <url>)",
  ),
];

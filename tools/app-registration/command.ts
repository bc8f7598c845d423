import type { TokenCredential } from "@azure/identity";
import { AppRegistrationError } from "./errors.ts";
import { createGraphClient, type GraphClientOptions } from "./graph-client.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { failureText, reportText } from "./print-report.ts";
import { registerApp } from "./register.ts";

export interface CommandEnvironment {
  readonly environment: NodeJS.ProcessEnv;
  /** The operator's own credential. */
  readonly signIn: (tenantId: string | undefined) => Promise<TokenCredential>;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
  /** How to wait, if not by the clock. */
  readonly timing?: Pick<GraphClientOptions, "wait" | "requestTimeoutMs">;
}

/** Runs the command and returns its exit code. It throws only on a fault of this program. */
export async function runAppRegistration(args: readonly string[], on: CommandEnvironment): Promise<0 | 1 | 2> {
  let json = args.includes("--json");
  try {
    const options = readOptions(args, on.environment);
    if (options === "help") {
      on.print(usage);
      return 0;
    }
    ({ json } = options);
    const report = await registerApp(options, await connect(options, on));
    on.print(json ? `${JSON.stringify(report, undefined, 2)}\n` : reportText(report));
    return 0;
  } catch (error) {
    if (!(error instanceof AppRegistrationError)) throw error;
    const { code, message, done } = error;
    if (json) on.print(`${JSON.stringify({ error: { code, message, done } }, undefined, 2)}\n`);
    else on.printError(code === "usage" ? `${message}\n\n${usage}` : failureText(error));
    return code === "usage" ? 2 : 1;
  }
}

async function connect({ graphUrl, tenantId }: Options, { signIn, timing }: CommandEnvironment) {
  return createGraphClient({ url: graphUrl, credential: await signIn(tenantId), ...timing });
}

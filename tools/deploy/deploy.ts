import { findFunc, funcMissing, runFunc } from "./func.ts";
import { manifestText, packageApp, packageFolder } from "./package.ts";

export const usage = `Packages the app and publishes it to a Function App, with the Azure Functions Core Tools.

Usage: npm run deploy -- <function app name> [options of func azure functionapp publish]

  npm run deploy -- func-production-abc123
  npm run deploy -- func-production-abc123 --slot staging
  npm run deploy -- func-production-abc123 --subscription 00000000-0000-0000-0000-000000000000

You must be signed in: az login.
Exit codes: 0 published, 2 wrong arguments, 3 no Core Tools, otherwise the exit code of func.
`;

const exitCodes = { done: 0, usage: 2, funcMissing: 3 } as const;

/** Names of Function Apps, and options: only characters without a meaning for a shell. */
const appName = /^[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]$/;
const option = /^[\w.,:/=@-]+$/;

export interface DeployEnvironment {
  readonly environment: NodeJS.ProcessEnv;
  /** The project, with the bundle built. */
  readonly root: string;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

/** Runs the command and returns its exit code. */
export async function deploy(args: readonly string[], on: DeployEnvironment): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    on.print(usage);
    return exitCodes.done;
  }
  const [app = "", ...options] = args;
  const mistake = mistakeIn(app, options);
  if (mistake !== undefined) {
    on.printError(`${mistake}\n\n${usage}`);
    return exitCodes.usage;
  }
  const func = await findFunc(on.environment);
  if (func === undefined) {
    on.printError(funcMissing);
    return exitCodes.funcMissing;
  }
  on.print(manifestText(packageFolder, await packageApp(on.root, packageFolder)));
  // Without a settings file, func asks for the language. Nothing has to be built, because the bundle is complete.
  const publish = ["azure", "functionapp", "publish", app, "--javascript", "--no-build", ...options];
  return runFunc(func, publish, { folder: packageFolder, environment: on.environment });
}

function mistakeIn(app: string, options: readonly string[]): string | undefined {
  if (app === "") return "The name of the Function App is missing";
  if (!appName.test(app)) return `This is not the name of a Function App: ${app}`;
  const odd = options.find((text) => !option.test(text));
  return odd === undefined ? undefined : `This option cannot be passed on: ${odd}`;
}

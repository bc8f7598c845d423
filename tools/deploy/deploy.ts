import { join } from "node:path";
import { findFunc, funcMissing, runFunc } from "./func.ts";
import { manifestText, packageApp, type Manifest } from "./package.ts";
import { keepPublished, keepRolledBack, manifestOf, publishedPackages, type Published } from "./published.ts";

export const usage = `Packages the app and publishes it to a Function App, with the Azure Functions Core Tools.

Usage: npm run deploy -- <function app name> [--previous] [options of func azure functionapp publish]

  npm run deploy -- func-production-abc123
  npm run deploy -- func-production-abc123 --subscription 00000000-0000-0000-0000-000000000000
  npm run deploy -- func-production-abc123 --previous

  --previous   packages nothing, and publishes the package that was published from this folder before the last one

You must be signed in: az login.
Exit codes: 0 published, 2 wrong arguments, 3 no Core Tools, 4 no previous package, otherwise the exit code of func.
`;

const exitCodes = { done: 0, usage: 2, funcMissing: 3, noPrevious: 4 } as const;

/** Names of Function Apps, and options: only characters without a meaning for a shell. */
const appName = /^[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]$/;
const option = /^[\w.,:/=@-]+$/;
const previousOption = "--previous";

export interface DeployEnvironment {
  readonly environment: NodeJS.ProcessEnv;
  /** The project, with the bundle built. */
  readonly root: string;
  /** Where packages are made and kept. */
  readonly folder: string;
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
  const publish = async (folder: string) => {
    const passedOn = options.filter((text) => text !== previousOption);
    // Without a settings file, func asks for the language. Nothing has to be built, because the bundle is complete.
    const command = ["azure", "functionapp", "publish", app, "--javascript", "--no-build", ...passedOn];
    return runFunc(func, command, { folder, environment: on.environment });
  };
  const published = publishedPackages(on.folder, app);
  return options.includes(previousOption) ? rollBack(published, publish, on) : publishNew(published, publish, on);
}

type Publish = (folder: string) => Promise<number>;

async function publishNew(published: Published, publish: Publish, on: DeployEnvironment): Promise<number> {
  const folder = join(on.folder, "package");
  on.print(manifestText(folder, await packageApp(on.root, folder)));
  const code = await publish(folder);
  if (code === exitCodes.done) await keepPublished(published, folder);
  return code;
}

async function rollBack(published: Published, publish: Publish, on: DeployEnvironment): Promise<number> {
  const manifest = await manifestOf(published.previous);
  if (manifest === undefined) {
    on.printError("There is no previous package here: this app was not published from this folder at least twice.\n");
    return exitCodes.noPrevious;
  }
  on.print(manifestText(published.previous, JSON.parse(manifest) as Manifest));
  const code = await publish(published.previous);
  if (code === exitCodes.done) await keepRolledBack(published);
  return code;
}

function mistakeIn(app: string, options: readonly string[]): string | undefined {
  if (app === "") return "The name of the Function App is missing";
  if (!appName.test(app)) return `This is not the name of a Function App: ${app}`;
  if (options.some((text) => /^--slot(=|$)/.test(text))) return "The Flex Consumption plan has no deployment slots";
  const odd = options.find((text) => !option.test(text));
  return odd === undefined ? undefined : `This option cannot be passed on: ${odd}`;
}

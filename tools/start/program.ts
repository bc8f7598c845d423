import { join } from "node:path";
import { parseArgs } from "node:util";
import type { BuildOptions } from "esbuild";
import { readableLine, wantsColour } from "@entra-functions-bff/functions-host/log-lines";
import type { startApp as StartApp, Platform, Ports } from "@entra-functions-bff/development";
import { partNames, portsFrom } from "@entra-functions-bff/development/ports";
import { troubleOf } from "./settings-trouble.ts";
import { watchApp } from "./watch.ts";

interface Arguments {
  readonly ports: Ports;
  readonly watch: boolean;
}

/** For the help of each command that starts the app. */
export const aboutSettings = `Settings come from the environment and from "Values" in local.settings.json. What has no settings gets a stand-in:

  no AzureAd__…                                 a local identity provider
  no CosmosDb and no CosmosDb__accountEndpoint  a local Azure Cosmos DB endpoint
  no AzureWebJobsStorage                        a local queue storage (Azurite)
  no AzureAd__… and no DownstreamApis__graph__… a small API like Microsoft Graph
  no DownstreamApis__<name>__BaseUrl            what local/apis.ts exports as <name>, if it does

The stand-ins keep their data in .local/. Delete that folder to start afresh.
`;

/** What the program has to be told about the app. The rest is in the folder where it is started. */
export interface StartProgram {
  /** What `--help` prints. */
  readonly usage: string;
  /** How the app's bundle is built. */
  readonly bundle: BuildOptions;
  /** Folders with its source and its front end. */
  readonly folders: readonly string[];
  /** Builds it before the start; omitted if that has been done. */
  readonly build?: () => Promise<void>;
}

/** Runs the app in this folder with stand-ins, as the process's arguments say, until it is stopped. */
export async function runStart(program: StartProgram): Promise<void> {
  let given: Arguments | "help";
  try {
    given = readArguments();
  } catch (error) {
    return endWith(`${error instanceof Error ? error.message : String(error)}\n\n${program.usage}`, 2);
  }
  if (given === "help") {
    process.stdout.write(program.usage);
    return;
  }
  const { ports } = given;
  await program.build?.();
  await runWith(given, program).catch((error: unknown) => endWith(explain(error, ports), 1));
}

async function runWith({ ports, watch }: Arguments, program: StartProgram): Promise<void> {
  // Imported only now, because loading the platform takes longest, and `--help` does not need it.
  const { startApp, startPlatform } = await import("@entra-functions-bff/development");
  const { givenSettings, withCookieName } = await import("./given-settings.ts");
  const { apiStandIns } = await import("./api-stand-ins.ts");
  const settings = withCookieName(await givenSettings(), ports.app);
  const apis = await apiStandIns();
  const platform = await startPlatform({ folder: ".local", ports, settings, apis, holdSignOutPage: true });
  const startOn = async (port: number) =>
    startApp(platform, { appFolder: ".", port, environment: compileCache, log: printLine });
  process.exitCode = await (watch ? runWatched(platform, startOn, program, ports) : runOnce(platform, startOn, ports));
  await platform.stop();
}

/** @throws what to tell the person who typed them */
function readArguments(): Arguments | "help" {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", short: "h" },
      watch: { type: "boolean", default: false },
      port: { type: "string", default: "7071" },
    },
  });
  if (values.help) return "help";
  const first = /^\d{1,5}$/.test(values.port) ? Number(values.port) : 0;
  const last = first + Object.keys(partNames).length - 1;
  if (first < 1 || last > 65_535) throw new Error(`--port must be a port number, not "${values.port}"`);
  return { ports: portsFrom(first), watch: values.watch };
}

/** Has Node keep what it compiles, which is most of the work of a start. */
const compileCache = { NODE_COMPILE_CACHE: join(process.cwd(), ".local", "compiled") };

type Start = (port: number) => ReturnType<typeof StartApp>;

/** @returns the exit code */
async function runOnce(platform: Platform, start: Start, ports: Ports): Promise<number> {
  const instance = await start(ports.app);
  const stop = async () => instance.stop();
  // Before the banner, which says that Ctrl+C stops everything.
  void stopRequested().then(stop);
  console.log(banner(platform, await troubleOf(instance.url)));
  const code = await instance.exited;
  return typeof code === "number" ? code : 1;
}

async function runWatched(platform: Platform, start: Start, program: StartProgram, ports: Ports): Promise<number> {
  const app = await watchApp({
    ...program,
    port: ports.app,
    start: async () => start(0),
    print: (text) => console.log(text),
    colour,
    troubleWith: async ({ url }) => troubleOf(url),
  });
  const stopping = stopRequested();
  console.log(banner(platform, app.trouble));
  await stopping;
  await app.stop();
  return 0;
}

async function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

const colour = wantsColour(process.stdout, process.env);

function printLine(line: string): void {
  if (!/^(listening|function|stopping|could not start:?) /.test(line)) console.log(readableLine(line, colour));
}

function banner(platform: Platform, trouble: string | undefined): string {
  const { publicBaseUrl, identityProvider, cosmos, secondApp, userDirectory } = platform;
  const lines = [
    "",
    ...(URL.canParse(publicBaseUrl) ? [`  The app                ${publicBaseUrl}`] : []),
    ...(identityProvider ? [`  Identity provider      ${identityProvider.publicUrl}`] : []),
    ...(secondApp ? [`  The other app          ${secondApp.url}`] : []),
    ...(cosmos ? [`  Documents as stored    ${cosmos.url}`] : []),
    ...(userDirectory ? [`  The directory          ${userDirectory.url}`] : []),
    "",
  ];
  if (trouble !== undefined) lines.push(trouble);
  else if (secondApp && cosmos) {
    lines.push(
      "  Try this:",
      `  1. Open ${publicBaseUrl} and sign in as anyone you like. Call the API.`,
      `  2. Open ${cosmos.url} next to it: your tokens are in the account document, encrypted.`,
      `  3. Open ${secondApp.url}, sign in there (you are not asked anything), and sign out there.`,
      "     You see how each app is told. The document is gone, and the app's page says that you are signed out.",
      "",
    );
  }
  return [...lines, "  Ctrl+C stops everything. People stay signed in across restarts.", ""].join("\n");
}

/** The usual problem is a port that is in use, most often by an earlier start of this program. */
function explain(error: unknown, ports: Ports): string {
  const { message = String(error), port } = error as { message?: string; port?: number };
  // This is found before any port is opened, because a data folder serves only one platform.
  if (/\.sqlite cannot be opened: another process is using it/.test(message)) {
    return `The local platform is already running in this folder: ${message} Stop it first.`;
  }
  const text = /port (\d+) is already in use|address already in use \S+:(\d+)/.exec(message);
  const taken = port ?? Number(text?.[1] ?? text?.[2]);
  const [part] = Object.entries(ports).find(([, number]) => number === taken) ?? [];
  if (part === undefined) return message;
  const owner = partNames[part as keyof Ports];
  return `Port ${taken} is already in use (${owner}). Is the local platform already running? --port chooses others.`;
}

function endWith(message: string, code: number): never {
  console.error(message);
  // The parts that have started would keep the process alive.
  process.exit(code);
}

import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { startFunctionsHost, StartError, type FunctionsHost } from "./host.ts";
import { createLineWriter } from "./log.ts";
import { describeError } from "./worker/errors.ts";

const usage = `Runs a functions app on this machine, on http://localhost.

Usage: node main.ts --app <folder> [--port <number>] [--keys <file>] [--timers <file>]

  --app    folder with host.json, package.json and the bundle it names;
           local.settings.json is read if it is there
  --port   port to listen on (7071); 0 picks a free one
  --keys   JSON file of keys for functions that are not anonymous:
           {"masterKey": "…", "functionKeys": {"name": "…"}, "functions": {"function": {"name": "…"}}}
           (or the settings FunctionsHost__MasterKey and FunctionsHost__FunctionKey)
  --timers JSON file in which timers remember when they are due next; without it they forget that at the end
  --help   this text

Prints "listening http://localhost:<port>" on a line of its own when it is ready; the other lines are the log.
Ends on SIGTERM or SIGINT, after running requests (5 seconds at most).
Exit codes: 0 stopped, 1 could not start or the app crashed, 2 wrong arguments.
`;

const exitCodes = { failed: 1, usage: 2 } as const;
const output = createLineWriter((text) => process.stdout.write(text));

interface Arguments {
  readonly app: string;
  readonly port: number;
  readonly keys: string | undefined;
  readonly timers: string | undefined;
}

function readArguments(args: string[]): Arguments | "help" | Error {
  try {
    const { values } = parseArgs({
      args,
      options: {
        app: { type: "string" },
        port: { type: "string", default: "7071" },
        keys: { type: "string" },
        timers: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return "help";
    if (values.app === undefined) return new Error("--app is missing");
    const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
    if (!(port <= 65_535)) return new Error(`--port must be a number from 0 to 65535, not "${values.port}"`);
    return { app: values.app, port, keys: values.keys, timers: values.timers };
  } catch (error) {
    return error as Error;
  }
}

async function main(): Promise<void> {
  const args = readArguments(process.argv.slice(2));
  if (args === "help") {
    process.stdout.write(usage);
  } else if (args instanceof Error) {
    process.stderr.write(`${args.message}\n\n${usage}`);
    process.exitCode = exitCodes.usage;
  } else {
    await run(args);
  }
}

async function run({ app, port, keys, timers }: Arguments): Promise<void> {
  process.env["AZURE_FUNCTIONS_ENVIRONMENT"] ??= "Development";
  process.on("uncaughtException", endAfterCrash);
  let host: FunctionsHost;
  try {
    const files = {
      ...(keys !== undefined && { keysFile: keys }),
      ...(timers !== undefined && { timersFile: timers }),
    };
    host = await startFunctionsHost({ appFolder: app, port, log: output.line, ...files });
  } catch (error) {
    endWith(`could not start: ${error instanceof StartError ? error.message : describeError(error)}`);
  }
  for (const fn of host.functions) output.line(`function ${fn.name}: ${describeTrigger(fn)}`);
  output.line(`listening ${host.url}`);
  stopOnSignals(host);
}

function describeTrigger(fn: FunctionsHost["functions"][number]): string {
  if ("queueName" in fn) return `queue ${fn.queueName}`;
  if ("schedule" in fn) return `timer ${fn.schedule}`;
  return `${fn.methods.join(",")} ${fn.route} (${fn.authLevel})`;
}

function stopOnSignals(host: FunctionsHost): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) endWith(`${signal} while stopping: ending at once`);
    stopping = true;
    output.line(`stopping on ${signal}`);
    void host.stop().then(() => {
      output.flush();
      process.exit(0);
    });
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}

// Node turns an unhandled rejection into one of these too. A worker ends on it, whatever else it is doing.
function endAfterCrash(error: unknown): never {
  endWith(`worker crashed on an uncaught exception: ${describeError(error)}`);
}

// Written synchronously: nothing asynchronous survives the exit.
function endWith(message: string): never {
  output.flush();
  writeSync(process.stderr.fd, `${message}\n`);
  process.exit(exitCodes.failed);
}

await main();

import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { exitCodes } from "./exit-codes.ts";
import { createLineWriter } from "./log.ts";
import { runHost } from "./run-host.ts";
import { readWorkerCount } from "./settings.ts";
import { supervise } from "./supervisor.ts";

const usage = `Runs a functions app on this machine, on http://localhost.

Usage: node main.ts --app <folder> [--port <number>] [--keys <file>] [--timers <file>] [--end-on-crash]

  --app    folder with host.json, package.json and the bundle that it names;
           local.settings.json is read if it exists
  --port   port to listen on (7071); 0 picks a free one
  --keys   JSON file with keys for functions that are not anonymous:
           {"masterKey": "…", "functionKeys": {"name": "…"}, "functions": {"function": {"name": "…"}}}
           (or the settings FunctionsHost__MasterKey and FunctionsHost__FunctionKey)
  --timers JSON file in which timers keep the time of their next run; without it, that is lost at the end
  --end-on-crash
           ends the program on an uncaught exception; without it, the app is started again in another process
           until it has crashed three times in half an hour (six times with two worker processes)
  --help   shows this text

When it is ready, it prints "listening http://localhost:<port>" on its own line; the other lines are the log.
On SIGTERM or SIGINT it waits for running requests, 5 seconds at most, and ends.
Exit codes: 0 stopped, 1 could not start or the app crashed, 2 wrong arguments, 3 a queue cannot be read for a reason that
ends the host in Azure.
`;

const output = createLineWriter((text) => process.stdout.write(text));

interface Arguments {
  readonly app: string;
  readonly port: number;
  readonly keys: string | undefined;
  readonly timers: string | undefined;
  readonly endOnCrash: boolean;
  /** It is the worker of a supervisor. */
  readonly worker: boolean;
  /** It is one of several workers, and not the first. */
  readonly further: boolean;
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
        "end-on-crash": { type: "boolean", default: false },
        worker: { type: "boolean", default: false },
        further: { type: "boolean", default: false },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return "help";
    if (values.app === undefined) return new Error("--app is missing");
    const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
    if (!(port <= 65_535)) return new Error(`--port must be a number from 0 to 65535, not "${values.port}"`);
    return {
      app: values.app,
      port,
      keys: values.keys,
      timers: values.timers,
      endOnCrash: values["end-on-crash"],
      worker: values.worker,
      further: values.further,
    };
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

async function run(args: Arguments): Promise<void> {
  const runHere = () => runHost({ args, output, isWorker: args.worker, isFurther: args.further });
  if (args.worker) return runHere();
  let workers: number;
  try {
    workers = await readWorkerCount(args.app, process.env);
  } catch (error) {
    return failToStart(error);
  }
  if (args.endOnCrash && workers === 1) await runHere();
  else await runSupervisor(args, workers);
}

function failToStart(error: unknown): void {
  process.stderr.write(`could not start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = exitCodes.failed;
}

function say(line: string): void {
  output.line(line);
  output.flush();
}

async function runSupervisor(args: Arguments, workers: number): Promise<void> {
  const { app, port, keys, timers, endOnCrash } = args;
  const files = [
    ...(keys === undefined ? [] : ["--keys", keys]),
    ...(timers === undefined ? [] : ["--timers", timers]),
  ];
  const supervisor = supervise({
    program: fileURLToPath(import.meta.url),
    args: ["--worker", "--app", app, ...files],
    argsOfOthers: ["--further"],
    workers,
    crashesAllowed: endOnCrash ? 0 : endingCrash * workers - 1,
    port,
    say,
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => supervisor.stop(signal));
  supervisor.listening.then((url) => say(`listening ${url}`), failToStart);
  process.exitCode = await supervisor.ended;
  process.disconnect?.();
}

/** As in Azure: the third crash within half an hour ends the host; with two workers the sixth, and so on. */
const endingCrash = 3;

await main();

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { extname, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "@entra-functions-bff/stand-in-kit/ports";

export interface AppInstanceOptions {
  /** Folder with host.json, package.json and the bundle. */
  readonly appFolder: string;
  readonly port: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Goes before the host's command, such as `taskset -c 0`, and has to become the host's process. */
  readonly prefix?: readonly string[];
  /** Every line that the instance writes. */
  readonly log?: (line: string) => void;
}

/** The app on a functions host, in a process of its own. */
export interface AppInstance {
  readonly url: string;
  /** Of the process. */
  readonly pid: number | undefined;
  /** Everything written so far, line by line. */
  readonly lines: readonly string[];
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  stop(): Promise<void>;
  /** SIGKILL: nothing of the process gets a chance to finish. */
  kill(): Promise<void>;
}

const startTimeoutMs = 60_000;
// Of the same kind as this file: TypeScript here, JavaScript where the package is installed.
const hostProgram = fileURLToPath(new URL(`main${extname(import.meta.filename)}`, import.meta.url));

/**
 * The command of another host to start the app on, instead of the local one. It gets `APP_FOLDER`, `PORT` and the app's
 * settings in its environment, answers at `/` when it is ready, writes its log to stdout or stderr, and ends on SIGTERM.
 */
export const hostCommand = process.env["HOST_UNDER_TEST"];

/** Starts an instance and waits until it listens. */
export async function startAppInstance(options: AppInstanceOptions): Promise<AppInstance> {
  const { port, child, isReady } = await (hostCommand ? startOther(hostCommand, options) : startLocal(options));
  const lines: string[] = [];
  const exited = exitOf(child);
  const listening = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      options.log?.(line);
      const url = hostCommand === undefined ? /^listening (\S+)$/.exec(line)?.[1] : undefined;
      if (url) listening.resolve(url);
    });
  }
  const stop = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  const failed = exited.then((code) => {
    throw new Error(`The functions host stopped (${code}) before it listened:\n${lines.join("\n")}`);
  });
  const ready = isReady?.(exited).then(() => `http://localhost:${port}`) ?? listening.promise;
  failed.catch(() => undefined);
  const url = await Promise.race([ready, failed, timeout(lines)]).catch((error: unknown) => {
    child.kill("SIGKILL");
    throw error;
  });
  return { url, pid: child.pid, lines, exited, stop: () => stop("SIGTERM"), kill: () => stop("SIGKILL") };
}

interface Started {
  readonly port: number;
  readonly child: ChildProcess;
  /** If omitted, the instance writes a line when it listens. Also resolves if the instance ends before. */
  readonly isReady?: (exited: Promise<unknown>) => Promise<void>;
}

async function startLocal({ appFolder, port, environment, prefix = [] }: AppInstanceOptions): Promise<Started> {
  const args = ["--disable-warning=ExperimentalWarning", hostProgram, "--app", appFolder, "--port", String(port)];
  // A crash must not go unnoticed.
  args.push("--end-on-crash");
  // Through the channel it notices when this process is gone, and ends.
  const [program = process.execPath, ...given] = [...prefix, process.execPath, ...args];
  const child = spawn(program, given, { env: environment, stdio: ["ignore", "pipe", "pipe", "ipc"] });
  return Promise.resolve({ port, child });
}

async function startOther(command: string, options: AppInstanceOptions): Promise<Started> {
  const port = options.port === 0 ? await freePort() : options.port;
  const env = {
    PATH: process.env["PATH"],
    ...options.environment,
    APP_FOLDER: resolve(options.appFolder),
    PORT: String(port),
  };
  // In the shell's place, so that signals reach the host itself.
  const child = spawn("/bin/sh", ["-c", `exec ${command}`], { env, stdio: ["ignore", "pipe", "pipe"] });
  return { port, child, isReady: (exited) => untilItAnswers(port, exited) };
}

// A starting host may itself answer 503. The app may answer 503 too, but with its own headers.
async function untilItAnswers(port: number, exited: Promise<unknown>): Promise<void> {
  const ended = exited.then(() => true);
  for (;;) {
    const answered = fetch(`http://localhost:${port}/`, { signal: AbortSignal.timeout(5_000) }).then(
      ({ status, headers }) => status < 500 || headers.has("x-content-type-options"),
      () => false,
    );
    if ((await answered) || (await Promise.race([ended, delay(50, false)]))) return;
  }
}

async function exitOf(child: ChildProcess): Promise<number | string> {
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  return code ?? signal ?? "unknown";
}

function timeout(lines: readonly string[]): Promise<never> {
  return new Promise((_resolve, reject) => {
    const report = () => reject(new Error(`The functions host did not listen in time:\n${lines.join("\n")}`));
    setTimeout(report, startTimeoutMs).unref();
  });
}

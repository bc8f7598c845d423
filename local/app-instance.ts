import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface AppInstanceOptions {
  /** Folder with host.json, package.json and the bundle. */
  readonly appFolder: string;
  readonly port: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Every line that the instance writes. */
  readonly log?: (line: string) => void;
}

/** The app on the local functions host, in a process of its own. */
export interface AppInstance {
  readonly url: string;
  /** Everything written so far, line by line. */
  readonly lines: readonly string[];
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  stop(): Promise<void>;
  /** SIGKILL: nothing of the process gets a chance to finish. */
  kill(): Promise<void>;
}

const startTimeoutMs = 60_000;
const hostProgram = fileURLToPath(new URL("functions-host/main.ts", import.meta.url));

/** Starts an instance and waits until it listens. */
export async function startAppInstance(options: AppInstanceOptions): Promise<AppInstance> {
  const { appFolder, port, environment, log } = options;
  const args = ["--disable-warning=ExperimentalWarning", hostProgram, "--app", appFolder, "--port", String(port)];
  const child = spawn(process.execPath, args, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const exited = exitOf(child);
  const listening = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      log?.(line);
      const url = /^listening (\S+)$/.exec(line)?.[1];
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
  const url = await Promise.race([listening.promise, failed, timeout(lines)]);
  failed.catch(() => undefined);
  return { url, lines, exited, stop: () => stop("SIGTERM"), kill: () => stop("SIGKILL") };
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

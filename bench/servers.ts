import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startAppInstance } from "@entra-functions-bff/functions-host/instance";
import { readProbes, type Reading } from "./parts/reading.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A measured server: one process, or several workers of one functions host; each has a probe. */
export interface MeasuredServer {
  readonly url: string;
  /** Ports of the probes. */
  readonly probes: readonly number[];
  read(options?: { collect?: boolean }): Promise<readonly Reading[]>;
  stop(): Promise<void>;
}

export interface HostedApp {
  readonly appFolder: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly environment: Environment;
  /** Goes before the command. */
  readonly prefix?: readonly string[];
  /** Worker processes: 1 by default. */
  readonly workers?: number;
}

export interface Program {
  readonly command: readonly string[];
  readonly environment: Environment;
}

const probe = new URL("parts/probe.ts", import.meta.url).href;
const warnings = "--disable-warning=ExperimentalWarning";
/** As Node.js chooses them on an instance with 2 GB: it goes by the memory of the machine, and this one may have more. */
const memoryLimits = ["--max-semi-space-size=32", "--max-old-space-size=1024"];

/** An app on the local functions host. */
export async function startOnHost({ workers = 1, ...app }: HostedApp): Promise<MeasuredServer> {
  const probes: number[] = [];
  const { BENCH_NODE_OPTIONS = "" } = process.env;
  const instance = await startAppInstance({
    ...app,
    environment: {
      ...own(),
      FUNCTIONS_WORKER_PROCESS_COUNT: String(workers),
      ...app.environment,
      NODE_OPTIONS: `--import=${probe} ${memoryLimits.join(" ")} ${BENCH_NODE_OPTIONS}`,
    },
    log: (line) => findProbe(line, probes),
  });
  return serverOf(instance.url, probes, () => instance.stop());
}

/** The command of a peer that Node.js runs. */
export function peerProgram(file: string): readonly string[] {
  const program = fileURLToPath(new URL(`peers/${file}`, import.meta.url));
  return [process.execPath, warnings, ...memoryLimits, `--import=${probe}`, program];
}

/** A program that prints "probe <port>" and "listening <url>". */
export async function startProgram({ command, environment }: Program): Promise<MeasuredServer> {
  const [file = "", ...args] = command;
  const child = spawn(file, args, {
    env: { ...own(), NODE_ENV: "production", ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const probes: number[] = [];
  let url: string | undefined;
  const ready = Promise.withResolvers<string>();
  // The probe listens by itself, and may say so last.
  createInterface({ input: child.stdout }).on("line", (line) => {
    findProbe(line, probes);
    url ??= /^listening (\S+)$/.exec(line)?.[1];
    if (url && probes.length > 0) ready.resolve(url);
  });
  child.on("exit", (code) => ready.reject(new Error(`${command.join(" ")} ended with ${code}`)));
  return serverOf(await ready.promise, probes, async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill();
    await exited;
  });
}

function own(): Environment {
  const { PATH, HOME } = process.env;
  return { PATH, HOME };
}

function findProbe(line: string, probes: number[]): void {
  const port = /^probe (\d+)$/.exec(line)?.[1];
  if (port) probes.push(Number(port));
}

function serverOf(url: string, probes: readonly number[], stop: () => Promise<void>): MeasuredServer {
  if (probes.length === 0) throw new Error(`${url} has no probe`);
  return {
    url,
    probes,
    read: ({ collect = false } = {}) => readProbes(probes, collect ? "collect" : ""),
    stop,
  };
}

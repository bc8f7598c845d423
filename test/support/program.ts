import { spawn } from "node:child_process";
import { once } from "node:events";
import { compileCache, quickStart } from "./compile-cache.ts";

export interface ProgramOptions {
  /** Working directory; the project's own unless given. */
  readonly folder?: string;
  /** Its whole environment; that of this process unless given. */
  readonly environment?: NodeJS.ProcessEnv;
  /** A process group of its own, so that one signal reaches what it has started, too. */
  readonly detached?: boolean;
}

export interface Ended {
  /** Undefined if a signal ended it. */
  readonly code: number | undefined;
  readonly output: string;
  readonly errors: string;
}

/** A program of the project that runs in a process of its own. */
export interface Program {
  readonly pid: number;
  /** What it has written so far, to stdout and to stderr. */
  written(): string;
  readonly ended: Promise<Ended>;
  /** SIGTERM. */
  stop(): Promise<Ended>;
}

const endsWithParent = new URL("ends-with-parent.ts", import.meta.url).href;

/** Starts a TypeScript program. However this process ends, the program ends, too. */
export function startProgram(script: string, args: readonly string[] = [], options: ProgramOptions = {}): Program {
  const { folder, environment = process.env, detached = false } = options;
  const all = ["--disable-warning=ExperimentalWarning", `--import=${endsWithParent}`, script, ...args];
  const child = spawn(process.execPath, all, {
    ...(folder !== undefined && { cwd: folder }),
    env: { ...(folder === undefined ? quickStart : compileCache), ...environment },
    detached,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let [written, output, errors] = ["", "", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    written += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
    written += text;
  });
  const ended = once(child, "close").then(() => ({ code: child.exitCode ?? undefined, output, errors }));
  return {
    pid: child.pid ?? 0,
    written: () => written,
    ended,
    async stop() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

/** Runs a program to its end. */
export async function runProgram(script: string, args?: readonly string[], options?: ProgramOptions): Promise<Ended> {
  return startProgram(script, args, options).ended;
}

import { build } from "esbuild";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startAppInstance } from "@entra-functions-bff/functions-host/instance";
import type { Reading } from "./parts/probe.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A measured server in its own process, with a probe. */
export interface MeasuredServer {
  readonly url: string;
  read(options?: { collect?: boolean }): Promise<Reading>;
  stop(): Promise<void>;
}

const probe = new URL("parts/probe.ts", import.meta.url).href;
const warnings = "--disable-warning=ExperimentalWarning";

/** An app on the local functions host. */
export async function startOnHost(options: {
  appFolder: string;
  port: number;
  environment: Environment;
}): Promise<MeasuredServer> {
  const probed = Promise.withResolvers<string>();
  const { PATH, HOME, BENCH_NODE_OPTIONS = "" } = process.env;
  const instance = await startAppInstance({
    ...options,
    environment: { PATH, HOME, ...options.environment, NODE_OPTIONS: `--import=${probe} ${BENCH_NODE_OPTIONS}` },
    log: (line) => findProbe(line, probed),
  });
  return { url: instance.url, read: reader(await probed.promise), stop: () => instance.stop() };
}

/** A peer: a program of `peers/` that prints "listening <url>". */
export async function startPeer(file: string, environment: Environment): Promise<MeasuredServer> {
  const program = fileURLToPath(new URL(`peers/${file}`, import.meta.url));
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [warnings, `--import=${probe}`, program], {
    env: { PATH, HOME, NODE_ENV: "production", ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const probed = Promise.withResolvers<string>();
  const listening = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    findProbe(line, probed);
    const url = /^listening (\S+)$/.exec(line)?.[1];
    if (url) listening.resolve(url);
  });
  child.on("exit", (code) => listening.reject(new Error(`${file} ended with ${code}`)));
  return {
    url: await listening.promise,
    read: reader(await probed.promise),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill();
      await exited;
    },
  };
}

function findProbe(line: string, probed: PromiseWithResolvers<string>): void {
  const port = /^probe (\d+)$/.exec(line)?.[1];
  if (port) probed.resolve(port);
}

function reader(port: string): MeasuredServer["read"] {
  return async ({ collect = false } = {}) => {
    const answer = await fetch(`http://127.0.0.1:${port}/${collect ? "collect" : ""}`);
    return (await answer.json()) as Reading;
  };
}

/** Builds a baseline as the app itself is built, and returns the folder to run it from. */
export async function buildBaseline(name: "hello" | "floor" | "bare-stream", folder: string): Promise<string> {
  const target = join(folder, name);
  await mkdir(join(target, "dist"), { recursive: true });
  await build({
    entryPoints: [fileURLToPath(new URL(`baselines/${name}.ts`, import.meta.url))],
    outfile: join(target, "dist/index.cjs"),
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    minify: true,
    legalComments: "none",
    external: ["@azure/functions-core"],
    alias: { "@azure/functions": "@azure/functions/dist/azure-functions.min.js" },
    logLevel: "warning",
  });
  await copyFile(fileURLToPath(new URL("../host.json", import.meta.url)), join(target, "host.json"));
  await writeFile(join(target, "package.json"), JSON.stringify({ main: "dist/index.cjs" }));
  return target;
}

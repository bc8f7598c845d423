import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface QueueStorageOptions {
  /** 0 picks a free one. */
  readonly port: number;
  /** Where queues and messages are kept. */
  readonly folder: string;
}

/** The Queue service of a storage account on this machine: Azurite. */
export interface QueueStorage {
  readonly url: string;
  /** For `AzureWebJobsStorage` and the like. It contains only the Queue service: there are no blobs and tables. */
  readonly connectionString: string;
  /** Saves everything. */
  stop(): Promise<void>;
  /** Sends SIGKILL, as if the machine failed: what was written in the last seconds may be lost. */
  kill(): Promise<void>;
}

/** Azurite's account and its key, which is not a secret. */
const accountName = "devstoreaccount1";
const accountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

// Of the same kind as this file: TypeScript here, JavaScript where the package is installed.
const program = fileURLToPath(new URL(`azurite${extname(import.meta.filename)}`, import.meta.url));
// Most of the start is compilation. Caching it here halves the start from the second time on.
const compileCache = fileURLToPath(new URL("../node_modules/.cache/azurite", import.meta.url));
const startTimeoutMs = 30_000;

/**
 * Starts the service and waits until it answers.
 * @throws {Error} when it does not start, with what it wrote
 */
export async function startQueueStorage({ port, folder }: QueueStorageOptions): Promise<QueueStorage> {
  await mkdir(folder, { recursive: true });
  const child = launch(port, folder);
  const exited = once(child, "exit");
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const stop = async () => {
    // It stops by itself when its parent is gone.
    if (child.connected) child.disconnect();
    await exited;
  };
  const kill = async () => {
    if (isRunning()) child.kill("SIGKILL");
    await exited;
  };
  try {
    const url = await listening(child, exited);
    return {
      url,
      connectionString: [
        "DefaultEndpointsProtocol=http",
        `AccountName=${accountName}`,
        `AccountKey=${accountKey}`,
        `QueueEndpoint=${url}/${accountName}`,
      ].join(";"),
      stop,
      kill,
    };
  } catch (error) {
    await kill();
    throw error;
  }
}

function launch(port: number, folder: string): ChildProcess {
  const { PATH, HOME } = process.env;
  const address = ["--queueHost", "127.0.0.1", "--queuePort", String(port)];
  const options = ["--location", folder, "--silent", "--disableTelemetry", "--skipApiVersionCheck"];
  const args = ["--disable-warning=ExperimentalWarning", program, ...address, ...options];
  return spawn(process.execPath, args, {
    // It gets nothing else from the environment, where some of Azurite's options can be set, such as its accounts.
    env: { PATH, HOME, NODE_COMPILE_CACHE: compileCache },
    // Ctrl+C must not reach it, because the app still needs the queue for requests under way.
    detached: true,
    windowsHide: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
}

async function listening(child: ChildProcess, exited: Promise<unknown>): Promise<string> {
  const lines: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      const url = /listens on (http:\S+)/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  }
  const fail = (what: string) => reject(new Error(`The queue storage (Azurite) ${what}:\n${lines.join("\n")}`));
  const timer = setTimeout(() => fail("did not listen in time"), startTimeoutMs);
  void exited.then(() => fail("stopped before it listened"));
  return promise.finally(() => clearTimeout(timer));
}

import { writeSync } from "node:fs";
import type { Socket } from "node:net";
import { exitCodes } from "./exit-codes.ts";
import { startFunctionsHost, StartError, type FunctionsHost, type FunctionsHostOptions } from "./host.ts";
import { createReceivingServer } from "./listen.ts";
import type { LineWriter } from "./log.ts";
import { messages } from "./worker-process.ts";
import { describeError } from "./worker/errors.ts";

export interface Running {
  readonly args: {
    readonly app: string;
    readonly port: number;
    readonly keys: string | undefined;
    readonly timers: string | undefined;
  };
  readonly output: LineWriter;
  /** Connections and orders come from a supervisor. */
  readonly isWorker: boolean;
  /** Another worker runs the timers, reads the queues and says what the app has. */
  readonly isFurther: boolean;
}

/** Runs the app in this process until it is told to stop, or crashes. */
export async function runHost(running: Running): Promise<void> {
  const { output, isWorker, isFurther } = running;
  process.env["AZURE_FUNCTIONS_ENVIRONMENT"] ??= "Development";
  endWithParent(isWorker);
  let host: FunctionsHost | undefined;
  const crash = createCrash(output, () => host);
  process.on("uncaughtException", crash);
  try {
    host = await startFunctionsHost({ ...optionsOf(running), onWorkerLost: crash, onHostEnd: endHost(output) });
  } catch (error) {
    const message = `could not start: ${error instanceof StartError ? error.message : describeError(error)}`;
    endWith(output, message, exitCodes.failed);
  }
  if (!isFurther) for (const fn of host.functions) output.line(`function ${fn.name}: ${describeTrigger(fn)}`);
  if (!isWorker) output.line(`listening ${host.url}`);
  stopWhenTold(host, running);
  if (isWorker) {
    output.flush();
    process.send?.(messages.ready);
  }
}

/** Whoever keeps a channel to this process is its parent: however that ends, SIGKILL included, this process ends too. */
function endWithParent(isWorker: boolean): void {
  process.on("disconnect", () => process.exit(exitCodes.failed));
  // A worker's supervisor may have been gone before.
  if (isWorker && !process.connected) process.exit(exitCodes.failed);
}

function optionsOf({ args, output, isWorker, isFurther }: Running): FunctionsHostOptions {
  const { app, port, keys, timers } = args;
  return {
    appFolder: app,
    port,
    log: output.line,
    onlyHttp: isFurther,
    ...(keys !== undefined && { keysFile: keys }),
    ...(timers !== undefined && { timersFile: timers }),
    ...(isWorker && { listen: receiveConnections }),
  };
}

const receiveConnections: NonNullable<FunctionsHostOptions["listen"]> = (port, listener) => {
  const server = createReceivingServer(port, listener);
  process.on("message", (message, socket: Socket | undefined) => {
    if (message === messages.connection && socket) server.receive(socket);
  });
  return Promise.resolve(server);
};

// Node turns an unhandled rejection into one of these too. A worker ends on it, whatever else it is doing.
function createCrash(output: LineWriter, host: () => FunctionsHost | undefined): (error: unknown) => void {
  let isCrashing = false;
  return (thrown) => {
    if (isCrashing) return;
    isCrashing = true;
    if (process.connected) process.send?.(messages.crashing);
    void failRunning(host(), `worker crashed on an uncaught exception: ${describeError(thrown)}`, output);
  };
}

async function failRunning(host: FunctionsHost | undefined, message: string, output: LineWriter): Promise<never> {
  await host?.failRunning();
  return endWith(output, message, exitCodes.failed);
}

function endHost(output: LineWriter): (reason: string) => void {
  return (reason) => endWith(output, `the host ends, as in Azure: ${reason}`, exitCodes.hostEnded);
}

function describeTrigger(fn: FunctionsHost["functions"][number]): string {
  if ("queueName" in fn) return `queue ${fn.queueName}`;
  if ("schedule" in fn) return `timer ${fn.schedule}`;
  return `${fn.methods.join(",")} ${fn.route} (${fn.authLevel})`;
}

function stopWhenTold(host: FunctionsHost, { output, isWorker }: Running): void {
  let stopping = false;
  const stop = (reason: string) => {
    if (stopping) endWith(output, `${reason} while stopping: ending at once`, exitCodes.failed);
    stopping = true;
    output.line(`stopping on ${reason}`);
    void host.stop().then(() => {
      output.flush();
      process.exit(exitCodes.stopped);
    });
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    // A terminal sends its signals to the supervisor and to this process; the supervisor's word counts.
    process.on(signal, () => (isWorker ? undefined : stop(signal)));
  }
  if (!isWorker) return;
  process.on("message", (message) => {
    if (typeof message === "string" && message.startsWith(messages.stop)) stop(message.slice(messages.stop.length));
  });
}

// Written synchronously: nothing asynchronous survives the exit.
function endWith(output: LineWriter, message: string, code: number): never {
  output.flush();
  writeSync(process.stderr.fd, `${message}\n`);
  process.exit(code);
}

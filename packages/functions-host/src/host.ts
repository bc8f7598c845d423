import { resolve } from "node:path";
import { loadHostJson } from "./host-json.ts";
import { createKeyStorage } from "./key-storage.ts";
import { loadKeys } from "./keys.ts";
import { createLog } from "./log.ts";
import { createQueueStorage } from "./queues/storage.ts";
import { applyLocalSettings, refuseUnsupportedSettings } from "./settings.ts";
import { assignFunctions } from "./triggers/assign.ts";
import type { HttpFunction } from "./triggers/http-function.ts";
import { openHttpStreams, type HttpStreams } from "./triggers/http-streams.ts";
import { createHttpTrigger, type Listen } from "./triggers/http-trigger.ts";
import { createQueueTrigger } from "./triggers/queue-trigger.ts";
import { createTimerTrigger } from "./triggers/timer-trigger.ts";
import type { Trigger, TriggerContext } from "./triggers/trigger.ts";
import { createWorkerApp } from "./worker/app.ts";
import { describeError } from "./worker/errors.ts";
import { loadApp, terminateApp } from "./worker/loader.ts";

export { StartError } from "./start-error.ts";

export interface FunctionsHostOptions {
  /** Has host.json, package.json and the bundle, and may have local.settings.json. */
  readonly appFolder: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Gets a line for each event; the console by default. */
  readonly log?: (line: string) => void;
  /** A JSON file of function keys (see `keys.ts`). */
  readonly keysFile?: string;
  /** Where timers with `useMonitor` keep the time of their next run. Without it, that is lost when the host stops. */
  readonly timersFile?: string;
  /** Runs no timers and reads no queues, because another process of the same host does. */
  readonly onlyHttp?: boolean;
  /** Makes the HTTP server; by default one that listens on both loopback addresses. */
  readonly listen?: Listen;
  /** A function exceeded `functionTimeout`, which in Azure ends its worker and everything that runs in it. */
  readonly onWorkerLost?: (error: Error) => void;
  /** Something happened that would end the host in Azure. */
  readonly onHostEnd?: (reason: string) => void;
}

export interface HttpFunctionInfo {
  readonly name: string;
  /** Without the prefix. */
  readonly route: string;
  readonly methods: readonly string[];
  readonly authLevel: string;
}

export interface QueueFunctionInfo {
  readonly name: string;
  readonly queueName: string;
}

export interface TimerFunctionInfo {
  readonly name: string;
  /** With the settings that it names filled in. */
  readonly schedule: string;
}

export interface FunctionsHost {
  /** `http://localhost:<port>`; both loopback addresses answer. */
  readonly url: string;
  readonly functions: readonly (HttpFunctionInfo | QueueFunctionInfo | TimerFunctionInfo)[];
  /** Answers 500 to all running requests before the process ends. */
  failRunning(): Promise<void>;
  /** Accepts nothing more, waits up to 5 seconds for running invocations, then runs the app's terminate hooks. */
  stop(): Promise<void>;
}

const stopGraceMs = 5000;

/**
 * Runs a functions app on this machine, with the app's own programming model, as the Functions host and its Node.js
 * worker do. The app shares this process. In the program (`supervisor.ts`), it has its own process.
 * @throws {StartError} when the app cannot run here, with the reason
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const appFolder = resolve(options.appFolder);
  const { env } = process;
  const applied = await applyLocalSettings(appFolder, env);
  refuseUnsupportedSettings(env);
  const hostJson = await loadHostJson(appFolder, env);
  const log = createLog(hostJson.logLevels, options.log ?? console.log);
  if (applied.length > 0) log.write("information", "Host.Startup", `from local.settings.json: ${applied.join(", ")}`);

  const app = createWorkerApp(log);
  await loadApp(appFolder, app);
  const keys = await loadKeys(options.keysFile, env);
  const keyStorage = createKeyStorage(env, log);
  const { onWorkerLost: loseWorker = () => undefined, onHostEnd: endHost = () => undefined } = options;
  const queues = createQueueStorage();
  const streams = await openHttpStreams(app, env);
  const { forwarder } = streams;
  try {
    return await startTriggers(
      { app, log, hostJson, keys, keyStorage, queues, forwarder, env, loseWorker, endHost },
      streams,
      options,
    );
  } catch (error) {
    streams.close();
    throw error;
  }
}

async function startTriggers(
  context: TriggerContext,
  streams: HttpStreams,
  { port, timersFile, listen, onlyHttp = false }: FunctionsHostOptions,
): Promise<FunctionsHost> {
  const timer = createTimerTrigger(context, timersFile);
  const http = createHttpTrigger(context, port, (name) => timer.callNow(name), listen);
  const queue = createQueueTrigger(context);
  const triggers: readonly Trigger[] = [http, queue, timer];
  assignFunctions(triggers, context);
  const started = onlyHttp ? [http] : triggers;
  for (const trigger of started) await trigger.start();

  return {
    url: `http://localhost:${http.port}`,
    functions: [...http.functions.map(toInfo), ...queue.functions, ...timer.functions],
    failRunning: () => http.failRunning(),
    stop: once(() => stop(context, started, streams)),
  };
}

function toInfo({ name, route, methods, authLevel }: HttpFunction): HttpFunctionInfo {
  return { name, route, methods: [...methods], authLevel };
}

async function stop({ app, log }: TriggerContext, triggers: readonly Trigger[], streams: HttpStreams): Promise<void> {
  await Promise.all(triggers.map((trigger) => trigger.stop(stopGraceMs)));
  try {
    await terminateApp(app);
  } catch (error) {
    log.write("error", "Worker", `an app terminate hook failed: ${describeError(error)}`);
  }
  streams.close();
}

function once(run: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => (result ??= run());
}

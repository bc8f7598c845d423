import { bodyLimit } from "../http/body-limit.ts";
import { createForwarder, type Forwarder } from "../http/forward.ts";
import type { WorkerApp } from "../worker/app.ts";
import { readCapabilities } from "../worker/capabilities.ts";

/** What an app with `app.setup({ enableHttpStream: true })` needs from its host. */
export interface HttpStreams {
  /** Forwards requests to the worker; absent if the app does not stream. */
  readonly forwarder: Forwarder | undefined;
  close(): void;
}

/** As the real host's. */
const defaultIdleMs = 240_000;

/** Asks the app whether it streams, and connects to it if so. */
export async function openHttpStreams(app: WorkerApp, env: NodeJS.ProcessEnv): Promise<HttpStreams> {
  const worker = await readCapabilities(app);
  const forwarder =
    worker.httpUrl && createForwarder(worker.httpUrl, { idleMs: readIdleMs(env), bodyBytes: bodyLimit(env) });
  return {
    forwarder,
    close() {
      forwarder?.close();
      worker.close();
    },
  };
}

/** How long worker and browser may both send nothing; `FunctionsHost__IdleMs` changes it. */
function readIdleMs(env: NodeJS.ProcessEnv): number {
  const given = Number(env["FunctionsHost__IdleMs"] ?? defaultIdleMs);
  return Number.isFinite(given) && given > 0 ? given : defaultIdleMs;
}

import { writeSync } from "node:fs";
import { app as functions } from "@azure/functions";
import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { shared, forGood, withinDeadline } from "../shared/core/waiting.ts";
import { destinationsOf, type Destinations } from "../shared/opentelemetry/destinations.ts";
import type { Tracing } from "../shared/opentelemetry/tracing.ts";
import { holdRecords } from "../shared/telemetry/held.ts";
import { recordEvent } from "../shared/telemetry/log.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The exporters take a tenth of a second to load: not while the first page asks for its files. */
const loadAfterMs = 2_000;
/** The host waits no longer for an app that ends. */
const flushTimeoutMs = 5_000;

/**
 * Records telemetry from the start of the app to its end, where a destination is configured. The trace goes on to the APIs in
 * any case.
 * @param sampledPercentage percentage of the traces whose spans are kept
 * @param broken what is wrong with the app's settings, if anything is
 */
export function recordTelemetry(
  environment: Environment,
  sampledPercentage: number,
  broken: { readonly problems: readonly object[] } | undefined,
): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const destinations = destinationsOf(environment);
  for (const problem of destinations.problems) say(problem);
  if (!destinations.azureMonitor && !destinations.otlp) return;
  // The host then does not record what the app logs, which would otherwise be recorded twice.
  functions.setup({ capabilities: { WorkerOpenTelemetryEnabled: true } });
  functions.hook.appStart(async () => {
    const { startTracing } = await import("../shared/opentelemetry/tracing.ts");
    const tracing = startTracing(environment, sampledPercentage);
    if (tracing) sendLater(destinations, tracing);
    if (broken) recordEvent("configuration_invalid", "error", { problems: broken.problems.length });
  });
}

/** Loads the exporters some time after the first answer, or when the app ends. */
function sendLater(destinations: Destinations, tracing: Tracing): void {
  holdRecords();
  const open = shared(async () => {
    const { openPipeline } = await import("../shared/opentelemetry/pipeline.ts");
    return openPipeline(destinations, tracing, say);
  }, forGood);
  const first = functions.hook.postInvocation(() => {
    first.dispose();
    setTimeout(() => void open().catch(tellFailure), loadAfterMs).unref();
  });
  functions.hook.appTerminate(async () => {
    const flushed = open().then(async (pipeline) => pipeline.flush());
    await withinDeadline(AbortSignal.timeout(flushTimeoutMs), flushed).catch(tellFailure);
  });
}

function tellFailure(error: unknown): void {
  say(`telemetry: not everything was sent (${error instanceof Error ? error.name : "unknown"})`);
}

/** Writes synchronously: a line that is written while the app stops would otherwise be lost with the process. */
function say(text: string): void {
  const line = `${text}\n`;
  try {
    writeSync(process.stderr.fd, line);
  } catch {
    // The pipe is full for a moment.
    process.stderr.write(line);
  }
}

import { hostname } from "node:os";
import { managedIdentity } from "../core/managed-identity.ts";
import { forGood, shared } from "../core/waiting.ts";
import { measurementsOf, type Measurement } from "../telemetry/metrics.ts";
import type { Recorder } from "../telemetry/recorder.ts";
import { aggregates } from "./aggregates.ts";
import { hostSettings } from "../configuration/host-settings.ts";
import { parseAuthenticationString, parseConnectionString } from "./connection-string.ts";
import {
  eventEnvelope,
  messageEnvelope,
  metricEnvelope,
  spanEnvelope,
  type Envelope,
  type Source,
} from "./envelopes.ts";
import { sender, type SenderOptions } from "./sender.ts";

const sendEveryMs = 5_000;
/** Soon, so that a refusal by the endpoint is logged after the start: while an app stops, its host may log nothing more. */
const firstSendMs = 250;
const aggregateOverMs = 60_000;
const flushTimeoutMs = 5_000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Sends to Application Insights: events, spans and messages every few seconds, metrics once a minute. Microsoft's exporter
 * with OpenTelemetry's SDKs would add 222 KiB to the bundle, 25 times as much, and asks a host of its own how to behave;
 * `test/contract/azure-monitor-envelopes.test.ts` compares what the two send.
 * @returns if the connection string is not valid, a text that says why
 */
export function azureMonitorRecorder(
  environment: Environment,
  sampledPercentage: number,
  warn: (text: string) => void,
): Recorder | string {
  const connection = parseConnectionString(environment[hostSettings.applicationInsights.name] ?? "");
  if (typeof connection === "string") return connection;
  const { instrumentationKey, trackUrl, scope } = connection;
  const source: Source = {
    instrumentationKey,
    role: environment["WEBSITE_SITE_NAME"] ?? "entra-functions-bff",
    roleInstance: environment["WEBSITE_INSTANCE_ID"] ?? environment["CONTAINER_NAME"] ?? hostname(),
  };
  const outbox = sender({
    url: trackUrl,
    authorize: authorizer(environment[hostSettings.applicationInsightsAuthentication.name], scope),
    warn,
  });
  const measured = aggregates();
  let isFirst = true;
  const add = (envelope: Envelope) => {
    outbox.add(envelope);
    if (isFirst) setTimeout(() => void outbox.send(), firstSendMs).unref();
    isFirst = false;
  };
  const addMeasured = () => {
    for (const aggregate of measured.take()) add(metricEnvelope(source, aggregate));
  };
  const measure = (measurement: Measurement) => measured.add(measurement);
  // Neither timer keeps the process alive.
  setInterval(() => void outbox.send(), sendEveryMs).unref();
  setInterval(addMeasured, aggregateOverMs).unref();

  return {
    sampledPercentage,
    span: (span) => add(spanEnvelope(source, span, sampledPercentage)),
    event(name, level, attributes, trace) {
      add(eventEnvelope(source, name, { level, ...attributes }, trace));
      for (const measurement of measurementsOf(name, attributes)) measure(measurement);
    },
    message: (level, text, trace) => add(messageEnvelope(source, level, text, trace)),
    measure: (metric, value, dimensions) => measure({ metric, value, dimensions }),
    async flush() {
      addMeasured();
      await outbox.drain(flushTimeoutMs);
    },
  };
}

/** With a managed identity, which keeps its token; or with nothing but the instrumentation key, where that is enough. */
function authorizer(authentication: string | undefined, scope: string): SenderOptions["authorize"] {
  const identity = parseAuthenticationString(authentication);
  if (!identity) return async () => ({});
  const credential = shared(async () => managedIdentity(identity.clientId), forGood);
  return async () => {
    const { token } = await (await credential()).getToken(scope);
    return { authorization: `Bearer ${token}` };
  };
}

import { hostname } from "node:os";
import { trace } from "@opentelemetry/api";
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import type { Resource } from "@opentelemetry/resources";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { heldSpans, type HeldSpans } from "./held-spans.ts";
import { shareSampler } from "./sampler.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Spans are made from now on, and held. */
export interface Tracing {
  readonly spans: HeldSpans;
  /** App and instance, as every destination names them. */
  readonly resource: Resource;
}

/**
 * Begins to make spans.
 * @returns undefined if the app has registered an OpenTelemetry SDK of its own: that one gets everything
 */
export function startTracing(environment: Environment, sampledPercentage: number): Tracing | undefined {
  const resource = resourceOf(environment);
  const spans = heldSpans();
  const sampler = shareSampler(sampledPercentage);
  const provider = new BasicTracerProvider({ resource, sampler, spanProcessors: [spans] });
  return trace.setGlobalTracerProvider(provider) ? { spans, resource } : undefined;
}

/** `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` have the last word. */
function resourceOf(environment: Environment): Resource {
  const own = resourceFromAttributes({
    "service.name": environment["WEBSITE_SITE_NAME"] ?? "entra-functions-bff",
    "service.instance.id": environment["WEBSITE_INSTANCE_ID"] ?? environment["CONTAINER_NAME"] ?? hostname(),
  });
  return defaultResource()
    .merge(own)
    .merge(detectResources({ detectors: [envDetector] }));
}

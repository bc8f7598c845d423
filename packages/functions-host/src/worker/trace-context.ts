import { randomUUID } from "node:crypto";
import type { RpcTraceContext } from "./core-types.ts";

/**
 * W3C Trace Context: the caller's trace goes on in a new span, or a new trace begins.
 * @param traceparent the caller's header; anything malformed counts as none
 * @param sampled whether a new trace is to be recorded, which is what a host with OpenTelemetry decides for all of them
 */
export function continuedTrace(
  traceparent: string | null | undefined,
  tracestate: string | null | undefined,
  sampled: boolean,
): RpcTraceContext {
  const incoming = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/.exec(traceparent ?? "");
  return {
    traceParent: `00-${incoming?.[1] ?? randomHex(32)}-${randomHex(16)}-${incoming?.[2] ?? (sampled ? "01" : "00")}`,
    traceState: incoming === null ? "" : (tracestate ?? ""),
    attributes: {},
  };
}

export function newTrace(sampled: boolean): RpcTraceContext {
  return continuedTrace(undefined, undefined, sampled);
}

// From a UUID, because Node keeps random bytes for these at hand. Its last 16 digits are random but for two bits.
function randomHex(digits: number): string {
  return randomUUID().replaceAll("-", "").slice(-digits);
}

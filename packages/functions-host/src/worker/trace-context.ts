import { randomUUID } from "node:crypto";
import type { RpcTraceContext } from "./core-types.ts";

/**
 * W3C Trace Context: continues the caller's trace in a new span, or begins a new trace.
 * @param traceparent the caller's header; a malformed one counts as missing
 * @param sampled whether a new trace is recorded; a host with OpenTelemetry records all
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

// Taken from a UUID, because Node keeps random bytes ready for these. Its last 16 digits are random except for two
// bits.
function randomHex(digits: number): string {
  return randomUUID().replaceAll("-", "").slice(-digits);
}

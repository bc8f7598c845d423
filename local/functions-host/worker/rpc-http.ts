import { randomUUID } from "node:crypto";
import { parseQuery } from "../http/query.ts";
import type { RequestHead } from "../http/request.ts";
import type { RouteValues } from "../http/route-template.ts";
import type {
  NullableString,
  RpcHttp,
  RpcInvocationRequest,
  RpcInvocationResponse,
  RpcTraceContext,
} from "./core-types.ts";

/** An HTTP request as the invocation of a function: what the host would send to the worker. */
export function toInvocationRequest(
  functionId: string,
  bindingName: string,
  head: RequestHead,
  params: RouteValues,
  body: Buffer,
): RpcInvocationRequest {
  const http: RpcHttp = {
    method: head.method,
    url: head.url,
    nullableHeaders: head.headers,
    nullableParams: toNullable(params),
    nullableQuery: parseQuery(head.query),
  };
  if (body.length > 0) http.body = { bytes: body };
  return {
    invocationId: randomUUID(),
    functionId,
    inputData: [{ name: bindingName, data: { http } }],
    triggerMetadata: {},
    traceContext: traceContext(head),
  };
}

/** The HTTP response in a worker's answer; `undefined` when the function returned nothing. */
export function toHttpResponse({ returnValue }: RpcInvocationResponse): RpcHttp | undefined {
  return returnValue?.http ?? undefined;
}

function toNullable(values: RouteValues): Record<string, NullableString> {
  const nullable: Record<string, NullableString> = {};
  for (const [name, value] of Object.entries(values)) nullable[name] = { value };
  return nullable;
}

// W3C Trace Context: the caller's trace goes on in a new span, or a new trace begins.
function traceContext(head: RequestHead): RpcTraceContext {
  const incoming = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/.exec(head.headers["traceparent"]?.value ?? "");
  return {
    traceParent: `00-${incoming?.[1] ?? randomHex(32)}-${randomHex(16)}-${incoming?.[2] ?? "00"}`,
    traceState: incoming === null ? "" : (head.headers["tracestate"]?.value ?? ""),
    attributes: {},
  };
}

// From a UUID, because Node keeps random bytes for these at hand. Its last 16 digits are random but for two bits.
function randomHex(digits: number): string {
  return randomUUID().replaceAll("-", "").slice(-digits);
}

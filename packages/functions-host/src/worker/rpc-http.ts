import { randomUUID } from "node:crypto";
import type { HostJson } from "../host-json.ts";
import { parseQuery } from "../http/query.ts";
import type { RequestHead } from "../http/request.ts";
import type { RouteValues } from "../http/route-template.ts";
import type {
  NullableString,
  RpcHttp,
  RpcInvocationRequest,
  RpcInvocationResponse,
  RpcTypedData,
} from "./core-types.ts";
import { continuedTrace } from "./trace-context.ts";

/** What an invocation says of its function. */
interface HttpTriggered {
  readonly metadata: { readonly name: string };
  readonly bindingName: string;
}

/** An HTTP request as the invocation of a function: what the host would send to the worker. */
export function toInvocationRequest(
  fn: HttpTriggered,
  head: RequestHead,
  params: RouteValues,
  body: Buffer,
  { openTelemetry }: HostJson,
): RpcInvocationRequest {
  const http: RpcHttp = {
    method: head.method,
    url: head.url,
    nullableHeaders: head.headers,
    nullableParams: toNullable(params),
    nullableQuery: parseQuery(head.query),
  };
  if (body.length > 0) http.body = { bytes: body };
  return invocationOf(fn, head, http, {}, openTelemetry);
}

/** The same for a request that reaches the worker over HTTP, so the message contains little. */
export function toStreamedInvocation(
  fn: HttpTriggered,
  head: RequestHead,
  metadata: Record<string, RpcTypedData>,
  { openTelemetry }: HostJson,
): RpcInvocationRequest {
  return invocationOf(fn, head, {}, metadata, openTelemetry);
}

function invocationOf(
  fn: HttpTriggered,
  head: RequestHead,
  http: RpcHttp,
  metadata: Record<string, RpcTypedData>,
  sampled: boolean,
): RpcInvocationRequest {
  return {
    invocationId: randomUUID(),
    functionId: fn.metadata.name,
    inputData: [{ name: fn.bindingName, data: { http } }],
    triggerMetadata: metadata,
    traceContext: continuedTrace(head.headers["traceparent"]?.value, head.headers["tracestate"]?.value, sampled),
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

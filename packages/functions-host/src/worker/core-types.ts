/**
 * The part of `@azure/functions-core` (the interface between a Functions worker and the programming model in
 * `@azure/functions`) that an app with HTTP, queue and timer functions touches. The package itself exists only inside the worker.
 */
import type { LogLevel } from "../log.ts";

export type LogCategory = "user" | "system" | "customMetric";
export type FunctionCallback = (...args: unknown[]) => unknown;

export interface BindingInfo {
  readonly type: string;
  readonly direction: "in" | "out" | "inout";
  readonly [property: string]: unknown;
}

export interface FunctionMetadata {
  readonly name: string;
  readonly functionId?: string;
  readonly bindings: Readonly<Record<string, BindingInfo>>;
  readonly retryOptions?: unknown;
}

export interface NullableString {
  value?: string | null;
}

export interface RpcHttpCookie {
  name?: string | null;
  value?: string | null;
  domain?: NullableString | null;
  path?: NullableString | null;
  /** Seconds since the epoch. */
  expires?: { value?: { seconds?: number | null } | null } | null;
  secure?: { value?: boolean | null } | null;
  httpOnly?: { value?: boolean | null } | null;
  /** `none` is "not set"; `SameSite=None` is `explicitNone`. */
  sameSite?: "none" | "lax" | "strict" | "explicitNone" | null;
  /** Seconds. */
  maxAge?: { value?: number | null } | null;
}

/** An HTTP request on its way to the function, or its response on the way back. */
export interface RpcHttp {
  method?: string;
  url?: string;
  nullableHeaders?: Record<string, NullableString>;
  nullableParams?: Record<string, NullableString>;
  nullableQuery?: Record<string, NullableString>;
  body?: RpcTypedData | null;
  statusCode?: string | null;
  headers?: Record<string, string> | null;
  cookies?: RpcHttpCookie[] | null;
  enableContentNegotiation?: boolean | null;
}

export interface RpcTypedData {
  string?: string | null;
  json?: string | null;
  bytes?: Uint8Array | null;
  int?: number | null;
  double?: number | null;
  http?: RpcHttp | null;
}

export interface RpcParameterBinding {
  name: string;
  data: RpcTypedData;
}

export interface RpcTraceContext {
  traceParent: string;
  traceState: string;
  attributes: Record<string, string>;
}

export interface RpcInvocationRequest {
  invocationId: string;
  functionId: string;
  inputData: RpcParameterBinding[];
  triggerMetadata: Record<string, RpcTypedData>;
  traceContext: RpcTraceContext;
}

export interface RpcInvocationResponse {
  invocationId?: string | null;
  outputData?: RpcParameterBinding[] | null;
  returnValue?: RpcTypedData | null;
}

export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly request: RpcInvocationRequest;
  readonly metadata: FunctionMetadata;
  state: "preInvocationHooks" | "invocation" | "postInvocationHooks" | undefined;
  log(level: LogLevel, category: LogCategory, message: string): void;
}

export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<RpcInvocationResponse>;
}

export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel | Promise<InvocationModel>;
  getCapabilities?(defaults: Record<string, string>): Record<string, string> | Promise<Record<string, string>>;
}

export type HookData = Record<string, unknown>;
export type HookCallback = (context: object) => unknown;
export type HookName = "appStart" | "appTerminate" | "preInvocation" | "postInvocation" | "log";

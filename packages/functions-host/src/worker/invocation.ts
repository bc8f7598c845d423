import type { LogLevel } from "../log.ts";
import { logFromApp, runHooks, withReadOnly, type LogScope, type RegisteredFunction, type WorkerApp } from "./app.ts";
import type {
  CoreInvocationContext,
  FunctionCallback,
  HookData,
  InvocationModel,
  LogCategory,
  RpcInvocationRequest,
  RpcInvocationResponse,
} from "./core-types.ts";
import { toError, WorkerSystemError } from "./errors.ts";

/**
 * Runs one invocation through the app's programming model, in the worker's order: arguments, pre-invocation hooks,
 * handler, post-invocation hooks, response. Any trigger can use it, because triggers differ only in the input data.
 * @throws what the handler, a hook or the model threw
 */
export async function invoke(
  app: WorkerApp,
  fn: RegisteredFunction,
  request: RpcInvocationRequest,
): Promise<RpcInvocationResponse> {
  const { programmingModel } = app;
  if (programmingModel === undefined) throw new WorkerSystemError("No programming model is set.");
  const core = new InvocationState(app, fn, request);
  const created = programmingModel.getInvocationModel(core);
  const model = isPromise(created) ? await created : created;
  const { context, inputs } = await model.getArguments();
  core.invocationContext = context;
  const result = hasInvocationHooks(app)
    ? await callWithHooks(core, model, inputs)
    : await callHandler(core, model, inputs, fn.callback);
  return model.getResponse(context, result);
}

/** What the model gets to know about an invocation, and what its log messages are linked to. */
class InvocationState implements CoreInvocationContext, LogScope {
  readonly app: WorkerApp;
  readonly fn: RegisteredFunction;
  readonly request: RpcInvocationRequest;
  readonly hookData: HookData = {};
  state: CoreInvocationContext["state"] = undefined;
  invocationContext: unknown;

  constructor(app: WorkerApp, fn: RegisteredFunction, request: RpcInvocationRequest) {
    this.app = app;
    this.fn = fn;
    this.request = request;
  }

  get invocationId(): string {
    return this.request.invocationId;
  }

  get metadata(): RegisteredFunction["metadata"] {
    return this.fn.metadata;
  }

  log(level: LogLevel, category: LogCategory, message: string): void {
    const name = `Function.${this.metadata.name}`;
    logFromApp(this.app, level, category, message, category === "user" ? `${name}.User` : name, this);
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return value instanceof Promise;
}

function hasInvocationHooks(app: WorkerApp): boolean {
  return app.hooks.preInvocation.length > 0 || app.hooks.postInvocation.length > 0;
}

async function callHandler(
  core: InvocationState,
  model: InvocationModel,
  inputs: unknown[],
  callback: FunctionCallback,
): Promise<unknown> {
  core.state = "invocation";
  try {
    return await model.invokeFunction(core.invocationContext, inputs, callback);
  } catch (error) {
    // The worker treats a thrown `null` or `undefined` as no error and no result.
    if (error === null || error === undefined) return null;
    throw error;
  } finally {
    core.state = undefined;
  }
}

async function callWithHooks(core: InvocationState, model: InvocationModel, inputs: unknown[]): Promise<unknown> {
  const shared = {
    hookData: core.hookData,
    appHookData: core.app.appHookData,
    invocationContext: core.invocationContext,
  };
  const before = withReadOnly({ inputs, functionCallback: core.fn.callback }, shared);
  await runInState(core, "preInvocationHooks", () => runHooks(core.app, "preInvocation", before));

  const outcome: Outcome = { inputs: before.inputs, result: null, error: null };
  const after = withReadOnly(outcome, shared);
  try {
    after.result = await callHandler(core, model, before.inputs, before.functionCallback);
  } catch (error) {
    after.error = error;
  }
  await runInState(core, "postInvocationHooks", () => runHooks(core.app, "postInvocation", after));
  if (after.error !== null && after.error !== undefined) throw toError(after.error);
  return after.result;
}

/** What post-invocation hooks may see and change. */
interface Outcome {
  readonly inputs: unknown[];
  result: unknown;
  error: unknown;
}

async function runInState(
  core: InvocationState,
  state: CoreInvocationContext["state"],
  run: () => Promise<void>,
): Promise<void> {
  core.state = state;
  try {
    await run();
  } finally {
    core.state = undefined;
  }
}

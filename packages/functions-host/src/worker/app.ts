import type { HostLog, LogLevel } from "../log.ts";
import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  HookData,
  HookName,
  LogCategory,
  ProgrammingModel,
} from "./core-types.ts";
import { ReadOnlyError } from "./errors.ts";

/** A function as the app registered it. */
export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

/** What a loaded app has registered with the worker, and what its hooks share. */
export interface WorkerApp {
  readonly functions: Map<string, RegisteredFunction>;
  readonly hooks: Record<HookName, HookCallback[]>;
  /** Data shared by all hooks, of whatever scope. */
  readonly appHookData: HookData;
  /** Data shared by the start and terminate hooks only. */
  readonly appLevelHookData: HookData;
  readonly log: HostLog;
  programmingModel: ProgrammingModel | undefined;
  /** Set when the start is complete: nothing can be registered any more. */
  locked: boolean;
}

export function createWorkerApp(log: HostLog): WorkerApp {
  return {
    functions: new Map(),
    hooks: { appStart: [], appTerminate: [], preInvocation: [], postInvocation: [], log: [] },
    appHookData: {},
    appLevelHookData: {},
    log,
    programmingModel: undefined,
    locked: false,
  };
}

/** Runs the hooks of one kind in the order they were registered; the first one that throws stops it. */
export async function runHooks(app: WorkerApp, name: HookName, context: object): Promise<void> {
  for (const hook of app.hooks[name]) await hook(context);
}

/** Adds to `target` properties that hooks may read and fill, but not replace. */
export function withReadOnly<T extends object>(target: T, properties: Record<string, unknown>): T {
  for (const [name, value] of Object.entries(properties)) {
    Object.defineProperty(target, name, {
      enumerable: true,
      get: () => value,
      set() {
        throw new ReadOnlyError(name);
      },
    });
  }
  return target;
}

/** The invocation that a message belongs to. */
export interface LogScope {
  readonly invocationId: string;
  readonly hookData: HookData;
  readonly invocationContext: unknown;
}

/** Writes a message of the app. Log hooks see it first, and may change what the app wrote. */
export function logFromApp(
  app: WorkerApp,
  level: LogLevel,
  category: LogCategory,
  message: string,
  hostCategory: string,
  scope?: LogScope,
): void {
  const [finalLevel, finalMessage] = applyLogHooks(app, level, category, message, scope);
  app.log.write(finalLevel, hostCategory, finalMessage, scope?.invocationId);
}

function applyLogHooks(
  app: WorkerApp,
  level: LogLevel,
  category: LogCategory,
  message: string,
  scope: LogScope | undefined,
): [LogLevel, string] {
  if (app.hooks.log.length === 0) return [level, message];
  const context = withReadOnly(
    { level, message },
    {
      category,
      hookData: scope?.hookData ?? {},
      appHookData: app.appHookData,
      invocationContext: scope?.invocationContext,
    },
  );
  try {
    for (const hook of app.hooks.log) hook(context);
  } catch {
    // A failing log hook must not prevent messages from being written.
  }
  return category === "user" ? [context.level, context.message] : [level, message];
}

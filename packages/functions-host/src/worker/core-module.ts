import Module from "node:module";
import type { LogLevel } from "../log.ts";
import { logFromApp, type WorkerApp } from "./app.ts";
import type { FunctionCallback, FunctionMetadata, HookCallback, LogCategory, ProgrammingModel } from "./core-types.ts";
import { UnknownHookError, WorkerSystemError } from "./errors.ts";

const coreModuleName = "@azure/functions-core";

/** The releases whose behaviour this worker and host follow. */
const workerVersion = "3.10.1";
const hostVersion = "4.1037.0";

/** Something that can be undone once. */
class Disposable {
  #onDispose: (() => unknown) | undefined;

  static from(...disposables: readonly { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const disposable of disposables) disposable.dispose();
    });
  }

  constructor(onDispose: () => unknown) {
    this.#onDispose = onDispose;
  }

  dispose(): void {
    const onDispose = this.#onDispose;
    this.#onDispose = undefined;
    onDispose?.();
  }
}

/** The module an app's `@azure/functions` finds when it requires `@azure/functions-core`. */
export function createCoreModule(app: WorkerApp): object {
  return {
    version: workerVersion,
    hostVersion,
    Disposable,
    registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback) =>
      registerFunction(app, metadata, callback),
    registerHook: (name: string, callback: HookCallback) => registerHook(app, name, callback),
    setProgrammingModel: (model: ProgrammingModel) => {
      app.programmingModel = model;
    },
    getProgrammingModel: () => app.programmingModel,
    log: (level: LogLevel, category: LogCategory, message: string) => {
      logFromApp(app, level, category, message, category === "user" ? "Function.User" : "Worker");
    },
  };
}

function registerFunction(app: WorkerApp, metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
  if (app.locked) throw new WorkerSystemError("Functions can be registered only while the app starts.");
  const id = metadata.functionId ?? metadata.name;
  if (app.functions.has(id)) throw new WorkerSystemError(`A function named "${id}" is already registered.`);
  app.functions.set(id, { metadata, callback });
  return new Disposable(() => {
    if (app.locked) throw new WorkerSystemError("Functions can be removed only while the app starts.");
    app.functions.delete(id);
  });
}

function registerHook(app: WorkerApp, name: string, callback: HookCallback): Disposable {
  if (!isHookName(app, name)) throw new UnknownHookError(`There is no hook named "${name}".`);
  const hooks = app.hooks[name];
  hooks.push(callback);
  return new Disposable(() => {
    const index = hooks.indexOf(callback);
    if (index >= 0) hooks.splice(index, 1);
  });
}

function isHookName(app: WorkerApp, name: string): name is keyof WorkerApp["hooks"] {
  return Object.hasOwn(app.hooks, name);
}

let provided: object | undefined;
let intercepting = false;

/**
 * Makes `require("@azure/functions-core")` return `core` from now on, anywhere in this process. `@azure/functions`
 * requires it once and keeps it, so a second app in the process needs its own copy of the library, which a bundle has.
 */
export function provideCoreModule(core: object): void {
  provided = core;
  if (intercepting) return;
  intercepting = true;
  const prototype: { require: (this: unknown, id: string) => unknown } = Module.prototype;
  prototype.require = new Proxy(prototype.require, {
    apply(target, thisArgument: unknown, args: [string]): unknown {
      return args[0] === coreModuleName ? provided : Reflect.apply(target, thisArgument, args);
    },
  });
}

import type { HostJson } from "../host-json.ts";
import type { Forwarder } from "../http/forward.ts";
import type { KeyStorage } from "../key-storage.ts";
import type { KeyRing } from "../keys.ts";
import type { HostLog } from "../log.ts";
import type { QueueStorage } from "../queues/storage.ts";
import type { RegisteredFunction, WorkerApp } from "../worker/app.ts";
import type { BindingInfo, RpcTypedData } from "../worker/core-types.ts";

/** What every kind of trigger gets from the host. */
export interface TriggerContext {
  readonly app: WorkerApp;
  readonly log: HostLog;
  readonly hostJson: HostJson;
  readonly keys: KeyRing;
  readonly keyStorage: KeyStorage;
  readonly queues: QueueStorage;
  /** Present if the app has HTTP streams: forwards requests to the worker. */
  readonly forwarder: Forwarder | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** The function cannot be stopped, so its process has to end. */
  readonly loseWorker: (error: Error) => void;
  /** What makes the real host end, HTTP functions and all. */
  readonly endHost: (reason: string) => void;
}

/**
 * One kind of trigger: it takes the functions that have it, and calls them from `start` to `stop`. To add a kind, write
 * a file that makes one of these, and add it to the host's list.
 */
export interface Trigger {
  /** The type of its binding, in lower case. */
  readonly bindingType: string;
  /** Whether it takes functions that are disabled too, for an administrator to call. */
  readonly takesDisabled?: boolean;
  /** @throws {StartError} when the function needs something that this trigger does not support */
  add(fn: TriggeredFunction): void;
  /** Begins to call functions. */
  start(): Promise<void>;
  /** Calls no more functions, and waits for those that run, at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** A registered function, the binding that triggers it, and the bindings for its outputs. */
export interface TriggeredFunction extends RegisteredFunction {
  readonly bindingName: string;
  readonly binding: BindingInfo;
  readonly outputs: readonly OutputBinding[];
  /** Nothing triggers it; an administrator may still call it. */
  readonly disabled: boolean;
}

/** Takes what a function has set for it. */
export interface OutputBinding {
  readonly name: string;
  /** Rejects when the value could not be delivered, which fails the invocation. */
  write(data: RpcTypedData): Promise<void>;
}

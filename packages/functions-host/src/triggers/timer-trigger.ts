import { randomUUID } from "node:crypto";
import { refuseUnknownMembers } from "../queues/queue-name.ts";
import { StartError } from "../start-error.ts";
import { parseSchedule, resolveSettings, type Schedule } from "../timers/schedule.ts";
import { createStatusStore, type StatusStore } from "../timers/status.ts";
import { createTimer, type FunctionTimer, type TimerCall } from "../timers/timer.ts";
import type { BindingInfo, RpcInvocationRequest } from "../worker/core-types.ts";
import { describeError } from "../worker/errors.ts";
import { newTrace } from "../worker/trace-context.ts";
import { execute } from "./execute.ts";
import type { Trigger, TriggerContext, TriggeredFunction } from "./trigger.ts";

/** The timer trigger: calls each function when its schedule says so. */
export interface TimerTrigger extends Trigger {
  readonly functions: readonly { readonly name: string; readonly schedule: string }[];
  /** Calls a function of this trigger, enabled or not; `undefined` if there is none with that name. */
  callNow(functionName: string): Promise<void> | undefined;
}

/** @param statusFile where `useMonitor` keeps its status; without it, the status lasts as long as the host */
export function createTimerTrigger(context: TriggerContext, statusFile: string | undefined): TimerTrigger {
  const store = createStatusStore(statusFile);
  const functions: { name: string; schedule: string }[] = [];
  const enabled: FunctionTimer[] = [];
  const byName = new Map<string, FunctionTimer>();
  return {
    bindingType: "timertrigger",
    takesDisabled: true,
    functions,
    add(fn) {
      const { name } = fn.metadata;
      const text = readSchedule(fn, context);
      if (text === undefined) return;
      const timer = createFunctionTimer(fn, text.schedule, store, context);
      byName.set(name.toLowerCase(), timer);
      if (fn.disabled) return;
      enabled.push(timer);
      functions.push({ name, schedule: text.resolved });
    },
    callNow: (functionName) => byName.get(functionName.toLowerCase())?.callNow(),
    async start() {
      for (const timer of enabled) timer.start();
      return Promise.resolve();
    },
    async stop(graceMs) {
      await Promise.all(enabled.map((timer) => timer.stop(graceMs)));
    },
  };
}

// In Azure, too, the host keeps running without a function whose schedule it cannot read.
function readSchedule(
  { metadata, binding }: TriggeredFunction,
  { env, log }: TriggerContext,
): { schedule: Schedule; resolved: string } | undefined {
  refuseUnknownMembers(binding, ["name", "type", "direction", "properties", "schedule", "runOnStartup", "useMonitor"]);
  const given = binding["schedule"];
  if (typeof given !== "string" || given === "") throw new StartError("its schedule must be text");
  const report = (problem: string) => {
    log.write("error", "Host.Startup", `function "${metadata.name}" does not run: ${problem}`);
  };
  const resolved = resolveSettings(given, env);
  if ("missing" in resolved) {
    report(`the setting ${resolved.missing} of its schedule is missing`);
    return undefined;
  }
  const schedule = parseSchedule(resolved.text);
  if (schedule !== undefined) return { schedule, resolved: resolved.text };
  report(`its schedule "${resolved.text}" is no NCRONTAB expression and no time span`);
  return undefined;
}

function createFunctionTimer(
  fn: TriggeredFunction,
  schedule: Schedule,
  store: StatusStore,
  context: TriggerContext,
): FunctionTimer {
  const { name: functionName } = fn.metadata;
  const useMonitor = readFlag(fn.binding, "useMonitor", true) && !schedule.isFrequent;
  return createTimer({
    functionName,
    schedule,
    runOnStartup: readFlag(fn.binding, "runOnStartup", false),
    store: useMonitor ? store : undefined,
    call: (call) => callFunction(fn, call, context),
    report: (level, text) => context.log.write(level, `Function.${functionName}`, text),
  });
}

function readFlag(binding: BindingInfo, name: string, fallback: boolean): boolean {
  const value = binding[name] ?? fallback;
  if (typeof value === "boolean") return value;
  throw new StartError(`its ${name} must be true or false`);
}

/** Never rejects; the log has the outcome of the call. */
async function callFunction(fn: TriggeredFunction, call: TimerCall, context: TriggerContext): Promise<void> {
  const { log } = context;
  const { name } = fn.metadata;
  const started = performance.now();
  const request = toTimerInvocation(fn, call, context.hostJson.openTelemetry);
  try {
    await execute(context, fn, request);
  } catch (error) {
    log.write("error", `Function.${name}`, `failed: ${describeError(error)}`, request.invocationId);
    return;
  }
  const elapsed = (performance.now() - started).toFixed(1);
  log.write("information", "Host.Results", `${name} timer succeeded in ${elapsed} ms`, request.invocationId);
}

/** One call as the host would send it to the worker, with the names of its .NET classes. */
function toTimerInvocation(fn: TriggeredFunction, call: TimerCall, sampled: boolean): RpcInvocationRequest {
  const { schedule, status, isPastDue } = call;
  const info = {
    Schedule: { AdjustForDST: schedule.adjustForDst },
    ScheduleStatus: status && {
      Last: status.last === undefined ? neverRan : formatTime(status.last),
      Next: formatTime(status.next),
      LastUpdated: formatTime(status.lastUpdated),
    },
    IsPastDue: isPastDue,
  };
  return {
    invocationId: randomUUID(),
    functionId: fn.metadata.name,
    inputData: [{ name: fn.bindingName, data: { json: JSON.stringify(info, nullForUndefined) } }],
    triggerMetadata: {},
    traceContext: newTrace(sampled),
  };
}

const neverRan = "0001-01-01T00:00:00+00:00";

function formatTime(time: Date): string {
  return time.toISOString().replace(/(?:\.000)?Z$/, "+00:00");
}

function nullForUndefined(_key: string, value: unknown): unknown {
  return value ?? null;
}

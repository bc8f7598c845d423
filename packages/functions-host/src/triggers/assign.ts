import { compileOutput } from "../queues/output.ts";
import { isDisabled } from "../settings.ts";
import { StartError } from "../start-error.ts";
import type { RegisteredFunction } from "../worker/app.ts";
import type { BindingInfo } from "../worker/core-types.ts";
import type { OutputBinding, Trigger, TriggerContext } from "./trigger.ts";

/**
 * Assigns every function that the app registered to the trigger that calls it, and says which functions a setting
 * disables.
 * @throws {StartError} naming the function that needs something this host does not support
 */
export function assignFunctions(triggers: readonly Trigger[], context: TriggerContext): void {
  const names = new Map<string, string>();
  for (const fn of context.app.functions.values()) {
    const { name } = fn.metadata;
    const disabled = isDisabled(name, context.env);
    if (disabled) context.log.write("information", "Host.Startup", `function "${name}" is disabled`);
    try {
      if (!disabled) checkName(name, names);
      assign(fn, disabled, triggers, context);
    } catch (error) {
      throw error instanceof StartError ? new StartError(`function "${name}": ${error.message}`) : error;
    }
  }
}

function checkName(name: string, names: Map<string, string>): void {
  if (!/^[a-z][\w-]{0,127}$/i.test(name) || name.toLowerCase() === "host") throw new StartError("is no valid name");
  const same = names.get(name.toLowerCase());
  if (same !== undefined) throw new StartError(`"${same}" has the same name`);
  names.set(name.toLowerCase(), name);
}

function assign(
  fn: RegisteredFunction,
  disabled: boolean,
  triggers: readonly Trigger[],
  context: TriggerContext,
): void {
  const { bindings, retryOptions } = fn.metadata;
  if (disabled && !triggers.some((trigger) => trigger.takesDisabled === true && hasTrigger(fn, trigger))) return;
  if (retryOptions !== undefined) throw new StartError("retry is not supported by the local functions host");
  const { bindingName, binding } = findTrigger(bindings);
  const trigger = triggers.find(({ bindingType }) => bindingType === binding.type.toLowerCase());
  if (trigger === undefined) {
    throw new StartError(`the trigger "${binding.type}" is not supported by the local functions host`);
  }
  trigger.add({ ...fn, bindingName, binding, outputs: compileOutputs(bindings, binding, context), disabled });
}

function hasTrigger({ metadata }: RegisteredFunction, { bindingType }: Trigger): boolean {
  return Object.values(metadata.bindings).some(({ type }) => type.toLowerCase() === bindingType);
}

function findTrigger(bindings: Readonly<Record<string, BindingInfo>>): { bindingName: string; binding: BindingInfo } {
  const [entry, ...others] = Object.entries(bindings).filter(([, { direction }]) => direction !== "out");
  if (entry === undefined) throw new StartError("has no trigger");
  const [input] = others;
  if (input !== undefined) {
    throw new StartError(`the binding "${input[1].type}" is not supported by the local functions host`);
  }
  return { bindingName: entry[0], binding: entry[1] };
}

function compileOutputs(
  bindings: Readonly<Record<string, BindingInfo>>,
  trigger: BindingInfo,
  context: TriggerContext,
): OutputBinding[] {
  // An HTTP function returns its response, which the trigger handles.
  const isResponse = (name: string) => name === "$return" && trigger.type.toLowerCase() === "httptrigger";
  return Object.entries(bindings)
    .filter(([name, { direction }]) => direction === "out" && !isResponse(name))
    .map(([name, binding]) => compileOutput(name, binding, context));
}

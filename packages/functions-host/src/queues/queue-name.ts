import { StartError } from "../start-error.ts";
import type { BindingInfo } from "../worker/core-types.ts";

const suffix = "-poison";

/**
 * The queue of a trigger or an output binding.
 * @throws {StartError} when it is no name that the Queue service takes, or an expression to be filled in at run time.
 */
export function readQueueName({ queueName }: BindingInfo): string {
  if (typeof queueName !== "string" || queueName === "") throw new StartError("its queueName must be text");
  if (/[%{}]/.test(queueName)) {
    throw new StartError(
      `the queueName "${queueName}" is not supported by the local functions host: it has an expression`,
    );
  }
  const lower = queueName.toLowerCase();
  if (isQueueName(lower)) return lower;
  throw new StartError(
    `the queueName "${queueName}" must be 3 to 63 letters, digits and single hyphens, a hyphen neither first nor last`,
  );
}

/** @returns `undefined` where there is none: the queue is one already, or its name is too long. */
export function poisonQueueName(queueName: string): string | undefined {
  const name = queueName + suffix;
  return queueName.endsWith(suffix) || !isQueueName(name) ? undefined : name;
}

function isQueueName(name: string): boolean {
  return name.length >= 3 && name.length <= 63 && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name);
}

/** The setting that the binding names; "" means that of the host itself. */
export function readConnection({ connection = "" }: BindingInfo): string {
  if (typeof connection !== "string") throw new StartError("its connection must be text");
  if (/[%{}]/.test(connection)) {
    throw new StartError(
      `the connection "${connection}" is not supported by the local functions host: it has an expression`,
    );
  }
  return connection;
}

/** @throws {StartError} for a member of the binding that this host knows nothing of. */
export function refuseUnknownMembers(binding: BindingInfo, known: readonly string[]): void {
  const unknown = Object.keys(binding).find((name) => !known.includes(name) && binding[name] !== undefined);
  if (unknown !== undefined) {
    throw new StartError(`its option "${unknown}" is not supported by the local functions host`);
  }
}

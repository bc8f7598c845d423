import { withinDeadline } from "../core/waiting.ts";
import { describe } from "../http/describe-error.ts";
import type { Invocation } from "./app.ts";
import type { HookContext } from "./hooks.ts";

const hookTimeMs = 2_000;

/**
 * Runs a hook of the app. Whatever comes of it, sign-in and sign-out have happened: a hook that fails or takes too
 * long is only logged.
 * @param name of the hook, for the log
 */
export async function runHook<T>(
  name: string,
  hook: (about: T, context: HookContext) => void | Promise<void>,
  about: T,
  { signal, telemetry }: Invocation,
): Promise<void> {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(hookTimeMs)]);
  const run = async () => hook(about, { signal: soon });
  try {
    await withinDeadline(soon, run());
  } catch (error) {
    const reason = soon.aborted ? { reason: "slow" } : { reason: "failed", error: describe(error) };
    telemetry.error("hook_failed", { hook: name, ...reason });
  }
}

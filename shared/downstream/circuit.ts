import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { ProblemError } from "../core/errors.ts";

/** Calls in a row that brought no answer, after which an API counts as down. */
const failuresToOpen = 5;
/** How long it is left in peace then, before one call tries it again. */
const openMs = 10_000;

interface State {
  failures: number;
  /** Milliseconds since the epoch; 0 while the API answers. */
  openUntil: number;
  isTried: boolean;
}

/** Bounded by the settings. */
const states = new WeakMap<DownstreamApiConfiguration, State>();

/**
 * Calls an API unless it is down: whoever waits for an API that does not answer keeps a connection and a person waiting. Any
 * answer, also an error, says that it is not.
 * @param isAsked whether somebody still waits: a call that was given up says nothing about the API
 * @throws {ProblemError} `api_down` while it is; else as `call`
 */
export async function throughCircuit<T>(
  api: DownstreamApiConfiguration,
  call: () => Promise<T>,
  isAsked: () => boolean,
): Promise<T> {
  const state = states.get(api) ?? { failures: 0, openUntil: 0, isTried: false };
  states.set(api, state);
  const isTrial = enter(state);
  try {
    const answer = await call();
    Object.assign(state, { failures: 0, openUntil: 0 });
    return answer;
  } catch (error) {
    if (isAsked()) state.failures++;
    if (state.failures >= failuresToOpen) state.openUntil = Date.now() + openMs;
    throw error;
  } finally {
    if (isTrial) state.isTried = false;
  }
}

/** @returns whether this call is the one that tries the API again */
function enter(state: State): boolean {
  if (state.openUntil === 0) return false;
  const leftMs = state.openUntil - Date.now();
  if (leftMs > 0 || state.isTried) {
    const retryAfterSeconds = Math.max(1, Math.ceil(leftMs / 1_000));
    throw new ProblemError("api_down", "The API has not answered for a while. Try again later.", {
      retryAfterSeconds,
    });
  }
  state.isTried = true;
  return true;
}

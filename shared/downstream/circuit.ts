import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { ProblemError } from "../core/errors.ts";

/** After so many calls in a row without an answer, an API counts as down. */
const failuresToOpen = 5;
/** How long it is then not called, before one call tries it again. */
const openMs = 10_000;

interface State {
  failures: number;
  /** Milliseconds since the epoch; 0 while the API answers. */
  openUntil: number;
  isTried: boolean;
}

/** One for each configured API. */
const states = new WeakMap<DownstreamApiConfiguration, State>();

/**
 * Calls an API unless it is down: each call of an API that does not answer keeps a connection and a person waiting. Any answer,
 * even an error, shows that the API is up. A call that failed for another reason says nothing about the API: the browser sent
 * too much or went away, or the session ended.
 * @throws {ProblemError} `api_down` while the API is down; otherwise what `call` throws
 */
export async function throughCircuit<T>(api: DownstreamApiConfiguration, call: () => Promise<T>): Promise<T> {
  const state = states.get(api) ?? { failures: 0, openUntil: 0, isTried: false };
  states.set(api, state);
  const isTrial = enter(state);
  try {
    const answer = await call();
    Object.assign(state, { failures: 0, openUntil: 0 });
    return answer;
  } catch (error) {
    if (isOfTheApi(error)) state.failures++;
    if (state.failures >= failuresToOpen) state.openUntil = Date.now() + openMs;
    throw error;
  } finally {
    if (isTrial) state.isTried = false;
  }
}

function isOfTheApi(error: unknown): boolean {
  return error instanceof ProblemError && (error.code === "api_timeout" || error.code === "api_unavailable");
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

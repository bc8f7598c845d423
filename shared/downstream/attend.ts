import type { App } from "../app/app.ts";
import { ProblemError } from "../core/errors.ts";
import { watchSession } from "../session/watch.ts";
import type { TokenRequest } from "./token-request.ts";

/** What a call of an API is ended by before its time. */
export interface Attended {
  /** Aborts when the browser has gone or the session has ended, with the condition for a reason. */
  readonly end: AbortSignal;
  /** The call is over. */
  readonly stop: () => void;
}

/** A call goes on only while somebody waits for it who is signed in. */
export function attend(app: App, { session, gone, telemetry }: TokenRequest): Attended {
  const ending = new AbortController();
  const leave = () => ending.abort(new ProblemError("client_gone", "Nobody waits for the answer any more."));
  if (gone?.aborted === true) leave();
  gone?.addEventListener("abort", leave);
  const watch = watchSession(app, session, { telemetry }, (reason) => ending.abort(reason));
  return {
    end: ending.signal,
    stop() {
      watch.stop();
      gone?.removeEventListener("abort", leave);
    },
  };
}

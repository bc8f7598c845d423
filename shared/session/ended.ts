import { SignInRequiredError } from "../core/errors.ts";

/*
 * Why a request has no session. The three differ in whether the answer clears the browser's cookie (`sessionEnded`): it must
 * not where the person may have signed in anew meanwhile, because it would take the new session's cookie away.
 */

const noSession = "There is no session, or it has ended.";

/** The cookie opens nothing, so the answer clears it. */
export function sessionEnded(cause?: unknown): SignInRequiredError {
  return new SignInRequiredError(noSession, { sessionEnded: true, cause });
}

/**
 * The session has ended while the request was under way. By now the person may have signed in anew: whether the browser's
 * cookie opens nothing is for its next request to find out.
 */
export function sessionLost(cause?: unknown): SignInRequiredError {
  return new SignInRequiredError(noSession, { sessionEnded: false, cause });
}

/** The browser has another cookie by now, or will when its answer arrives: this late answer must not take that away. */
export function signedInAnew(cause?: unknown): SignInRequiredError {
  const detail = "This browser has signed in again since the request was sent. Send the request again.";
  return new SignInRequiredError(detail, { sessionEnded: false, cause });
}

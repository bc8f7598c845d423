import { SignInRequiredError } from "../core/errors.ts";

/*
 * Why a request has no session. What differs is whether the answer clears the browser's cookie (`sessionEnded`). It must not if
 * the person may have signed in anew meanwhile: it would take the new session's cookie away.
 */

export const noSession = "There is no session, or it has ended.";

/** The cookie opens nothing, so the answer clears it. */
export function sessionEnded(cause?: unknown): SignInRequiredError {
  return new SignInRequiredError(noSession, { sessionEnded: true, cause });
}

/** The identity provider no longer renews the session's tokens, so this request has ended it. The answer clears the cookie. */
export function sessionRefused(cause: unknown): SignInRequiredError {
  return new SignInRequiredError("The identity provider asks you to sign in again.", { sessionEnded: true, cause });
}

/** The session was there, and is another or gone: the same request, sent again, finds out. */
export class SessionChangedError extends SignInRequiredError {
  constructor(detail: string, cause: unknown) {
    super(detail, { sessionEnded: false, cause });
  }
}

/**
 * The session has ended while the request was under way. The person may have signed in anew by now, so the answer leaves the
 * cookie: if it opens nothing, the browser's next request finds out.
 */
export function sessionLost(cause?: unknown): SignInRequiredError {
  return new SessionChangedError(noSession, cause);
}

/** The browser has a new session's cookie by now, or will when that answer arrives. This late answer must not take it away. */
export function signedInAnew(cause?: unknown): SignInRequiredError {
  const detail = "This browser has signed in again since the request was sent. Send the request again.";
  return new SessionChangedError(detail, cause);
}

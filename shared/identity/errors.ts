import { ProblemError } from "../core/errors.ts";

/** The identity provider refused the app itself: an expired secret, a missing federated credential, a wrong client id. */
export function appRefused(cause: unknown): ProblemError {
  return new ProblemError("app_refused", "The people who run this app must check its registration and credentials.", {
    cause,
  });
}

/** The identity provider did not answer, or not in a form that can be used. */
export class IdentityProviderUnavailableError extends ProblemError {
  /** @param pauseMs how long the identity provider has asked the app to wait, if it has */
  constructor(cause?: unknown, pauseMs = 0) {
    const retry = pauseMs > 0 && { retryAfterSeconds: Math.ceil(pauseMs / 1_000) };
    super("identity_provider_unavailable", "Nothing was lost. Try again in a moment.", { cause, ...retry });
    this.name = "IdentityProviderUnavailableError";
  }
}

/** @returns `error` itself if it already says that the identity provider is unavailable, and for how long */
export function unavailable(error: unknown): IdentityProviderUnavailableError {
  return error instanceof IdentityProviderUnavailableError ? error : new IdentityProviderUnavailableError(error);
}

import { ConditionError } from "../core/errors.ts";

/** The identity provider refused the app itself: an expired secret, a missing federated credential, a wrong client id. */
export function appRefused(cause: unknown): ConditionError {
  return new ConditionError("app_refused", "Whoever runs this app must check its registration and credentials.", {
    cause,
  });
}

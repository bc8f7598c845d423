import type { App } from "../app.ts";
import type { DownstreamApiConfiguration } from "../config.ts";
import { ApiSignInRequiredError, ConditionError, SignInRequiredError } from "../errors.ts";
import type { ResolvedSession } from "../session/resolve.ts";
import type { RefusedError } from "./refused.ts";

/** For so long after a sign-in that was about an API, another one would bring nothing new. */
const justSignedInMs = 5 * 60_000;

/**
 * What to tell the browser when the token endpoint wants the person before it gives a token for `api`. It never leads in a
 * circle: to a sign-in that is about this very API, and not to a second one if that did not help.
 */
export function personNeeded(
  app: App,
  { secrets, stored }: ResolvedSession,
  api: DownstreamApiConfiguration,
  refusal: RefusedError,
): ConditionError {
  const detail = "The identity provider asks you to sign in again.";
  const isFirst = firstApiOf(app) === api.name;
  const { claims } = refusal;
  if (claims !== undefined) {
    return new SignInRequiredError(detail, { claims, api: apiHint(app, api), sessionEnded: false, cause: refusal });
  }
  const wasAskedFor = secrets.signedInFor === undefined ? isFirst : secrets.signedInFor === api.name;
  if (wasAskedFor && Date.now() - Date.parse(stored.createdAt) < justSignedInMs) {
    return new ConditionError("api_not_permitted", "Signing in once more would not change that.", { cause: refusal });
  }
  if (isFirst) return new SignInRequiredError(detail, { sessionEnded: false, cause: refusal });
  return new ApiSignInRequiredError(api.name, refusal);
}

/** The API's name, if a sign-in has to be told it: a plain one asks for the first API's scopes. */
export function apiHint(app: App, { name }: DownstreamApiConfiguration): string | undefined {
  return firstApiOf(app) === name ? undefined : name;
}

function firstApiOf({ configuration }: App): string | undefined {
  const [first] = configuration.downstreamApis.keys();
  return first;
}

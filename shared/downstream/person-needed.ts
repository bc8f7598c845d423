import type { App } from "../app/app.ts";
import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { sha256Base64Url } from "../core/encoding.ts";
import { ApiSignInRequiredError, ConditionError, SignInRequiredError } from "../core/errors.ts";
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
  session: ResolvedSession,
  api: DownstreamApiConfiguration,
  refusal: RefusedError,
): ConditionError {
  const detail = "The identity provider asks you to sign in again.";
  const { secrets, stored } = session;
  const isFirst = firstApiOf(app) === api.name;
  if (refusal.claims !== undefined) return claimsNeeded(app, session, api, detail, refusal.claims, refusal);
  const wasAskedFor = secrets.signedInFor === undefined ? isFirst : secrets.signedInFor === api.name;
  if (wasAskedFor && isJustSignedIn(app, stored.createdAt)) return notPermitted(refusal);
  if (isFirst) return new SignInRequiredError(detail, { sessionEnded: false, cause: refusal });
  return new ApiSignInRequiredError(api.name, refusal);
}

/** The same for a claims challenge, of the token endpoint or of the API itself. */
export function claimsNeeded(
  app: App,
  { secrets, stored }: ResolvedSession,
  api: DownstreamApiConfiguration,
  detail: string,
  claims: string,
  cause?: unknown,
): ConditionError {
  const wasAnswered = secrets.signedInWith === sha256Base64Url(claims);
  if (wasAnswered && isJustSignedIn(app, stored.createdAt)) return notPermitted(cause);
  return new SignInRequiredError(detail, { claims, api: apiHint(app, api), sessionEnded: false, cause });
}

function isJustSignedIn({ clock }: App, createdAt: string): boolean {
  return clock.now() - Date.parse(createdAt) < justSignedInMs;
}

function notPermitted(cause: unknown): ConditionError {
  return new ConditionError("api_not_permitted", "Signing in once more would not change that.", { cause });
}

/** The API's name, if a sign-in has to be told it: a plain one asks for the first API's scopes. */
function apiHint(app: App, { name }: DownstreamApiConfiguration): string | undefined {
  return firstApiOf(app) === name ? undefined : name;
}

function firstApiOf({ configuration }: App): string | undefined {
  const [first] = configuration.downstreamApis.keys();
  return first;
}

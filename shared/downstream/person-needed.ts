import type { App } from "../app/app.ts";
import { sha256Base64Url } from "../core/encoding.ts";
import { ApiSignInRequiredError, ProblemError, SignInRequiredError } from "../core/errors.ts";
import type { RefusedError } from "./refused.ts";
import type { RenewalRequest } from "./token-request.ts";

type Settings = Pick<App, "configuration" | "clock">;

/** For so long after a sign-in that was about an API, another one would change nothing. */
const justSignedInMs = 5 * 60_000;

/**
 * The error for the browser when the token endpoint needs the person to do something before it issues a token for the request's
 * API. It never leads in a circle: it asks for a sign-in that is about this very API, and not for a second one if that did not
 * help.
 */
export function personNeeded(app: Settings, request: RenewalRequest, refusal: RefusedError): ProblemError {
  const detail = "The identity provider asks you to sign in again.";
  if (refusal.claims !== undefined) return claimsNeeded(app, request, refusal.claims, detail, refusal);
  const { session, api } = request;
  const isFirst = isFirstApi(app, request);
  const { signedInFor } = session.secrets;
  const wasAskedFor = signedInFor === undefined ? isFirst : signedInFor === api.name;
  if (wasAskedFor && isJustSignedIn(app, request)) return notPermitted(refusal);
  if (isFirst) return new SignInRequiredError(detail, { sessionEnded: false, cause: refusal });
  return new ApiSignInRequiredError(api.name, refusal);
}

/** Like {@link personNeeded}, for a claims challenge of the token endpoint or the API that only the person can satisfy. */
export function claimsNeeded(
  app: Settings,
  request: RenewalRequest,
  claims: string,
  detail: string,
  cause?: unknown,
): ProblemError {
  const wasAnswered = request.session.secrets.signedInWith === sha256Base64Url(claims);
  if (wasAnswered && isJustSignedIn(app, request)) return notPermitted(cause);
  // A plain sign-in asks for the first API's scopes, so it has to name only another API.
  const api = isFirstApi(app, request) ? undefined : request.api.name;
  return new SignInRequiredError(detail, { claims, api, sessionEnded: false, cause });
}

function isJustSignedIn({ clock }: Settings, { session }: RenewalRequest): boolean {
  return clock.now() - Date.parse(session.stored.createdAt) < justSignedInMs;
}

function isFirstApi({ configuration }: Settings, { api }: RenewalRequest): boolean {
  const [first] = configuration.downstreamApis.keys();
  return first === api.name;
}

function notPermitted(cause: unknown): ProblemError {
  return new ProblemError("api_not_permitted", "Signing in again would not change that.", { cause });
}

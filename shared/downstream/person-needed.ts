import type { App } from "../app/app.ts";
import { sha256Base64Url } from "../core/encoding.ts";
import { ApiSignInRequiredError, ProblemError, SignInRequiredError } from "../core/errors.ts";
import type { RefusedError } from "./refused.ts";
import type { TokenRequest } from "./token-request.ts";

type Settings = Pick<App, "configuration" | "clock">;

/** For so long after a sign-in that was about an API, another one would bring nothing new. */
const justSignedInMs = 5 * 60_000;

/**
 * What to tell the browser when the token endpoint wants the person before it gives a token for the request's API. It never
 * leads in a circle: to a sign-in that is about this very API, and not to a second one if that did not help.
 */
export function personNeeded(app: Settings, request: TokenRequest, refusal: RefusedError): ProblemError {
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

/** The same for a claims challenge, of the token endpoint or of the API itself, that only the person can meet. */
export function claimsNeeded(
  app: Settings,
  request: TokenRequest,
  claims: string,
  detail: string,
  cause?: unknown,
): ProblemError {
  const wasAnswered = request.session.secrets.signedInWith === sha256Base64Url(claims);
  if (wasAnswered && isJustSignedIn(app, request)) return notPermitted(cause);
  // A plain sign-in asks for the first API's scopes: only for another one it has to be told the API.
  const api = isFirstApi(app, request) ? undefined : request.api.name;
  return new SignInRequiredError(detail, { claims, api, sessionEnded: false, cause });
}

function isJustSignedIn({ clock }: Settings, { session }: TokenRequest): boolean {
  return clock.now() - Date.parse(session.stored.createdAt) < justSignedInMs;
}

function isFirstApi({ configuration }: Settings, { api }: TokenRequest): boolean {
  const [first] = configuration.downstreamApis.keys();
  return first === api.name;
}

function notPermitted(cause: unknown): ProblemError {
  return new ProblemError("api_not_permitted", "Signing in again would not change that.", { cause });
}

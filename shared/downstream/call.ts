import type { App } from "../app/app.ts";
import { ConditionError } from "../core/errors.ts";
import { httpDependency } from "../telemetry/activity.ts";
import { accessToken } from "./access-token.ts";
import { claimsChallenge } from "./claims-challenge.ts";
import { exchange, fieldOf, type ApiAnswer, type ApiRequest } from "./exchange.ts";
import { claimsNeeded } from "./person-needed.ts";
import type { TokenRequest } from "./token-request.ts";

/**
 * Calls a downstream API with the account's token. A claims challenge (continuous access evaluation, authentication context)
 * is met without the person if that can be, by one more token request and one more call.
 * @returns the API's answer, whatever its status, except for what only signing in again can mend
 * @throws {SignInRequiredError} also for a claims challenge that only the person can meet
 * @throws {ConditionError} `api_timeout`, `api_unavailable` or `api_refused_token`
 */
export async function callApi(app: App, request: TokenRequest, target: URL, asked: ApiRequest): Promise<ApiAnswer> {
  const answer = await send(target, asked, await accessToken(app, request), request.signal);
  const claims = claimsWanted(answer);
  if (claims === undefined) return answer;
  const token = await accessToken(app, { ...request, claims });
  const second = await send(target, asked, token, request.signal);
  const still = claimsWanted(second);
  if (still === undefined) return second;
  throw claimsNeeded(app, request, still, "The API asks you to confirm your sign-in.");
}

/** With the account's token for credentials, whatever the request has, and as part of the trace that is recorded. */
async function send(target: URL, asked: ApiRequest, token: string, signal: AbortSignal): Promise<ApiAnswer> {
  return httpDependency(asked.method, target, async (traceparent) => {
    const added = { authorization: `Bearer ${token}`, ...(traceparent !== undefined && { traceparent }) };
    return exchange(target, { ...asked, headers: { ...asked.headers, ...added } }, signal);
  });
}

/**
 * What an API wants that does not accept the token (401), or that may not call another API with it on behalf of the person (403),
 * as JSON; undefined for every other answer.
 * @throws {ConditionError} `api_refused_token` for a 401 that does not say
 */
function claimsWanted(answer: ApiAnswer): string | undefined {
  const { status, body } = answer;
  if (status !== 401 && status !== 403) return undefined;
  const claims = claimsChallenge(fieldOf(answer, "www-authenticate"));
  if (claims !== undefined || status === 401) body.destroy();
  if (claims !== undefined || status === 403) return claims;
  throw new ConditionError("api_refused_token", "The API's configuration and the app's do not match.");
}

import type { App, Invocation } from "../app/app.ts";
import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { ConditionError } from "../core/errors.ts";
import { httpDependency } from "../telemetry/activity.ts";
import type { ResolvedSession } from "../session/resolve.ts";
import { useSession } from "../session/use.ts";
import { acquireToken, meetChallenge } from "./access-token.ts";
import { claimsChallenge } from "./claims-challenge.ts";
import { exchange, fieldOf, type ApiAnswer, type ApiRequest } from "./exchange.ts";
import { claimsNeeded } from "./person-needed.ts";

/**
 * Calls a downstream API with the account's token. A claims challenge (continuous access evaluation, authentication context)
 * is met without the person if that can be, by one more token request and one more call.
 * @returns the API's answer, whatever its status, except for what only signing in again can mend
 * @throws {SignInRequiredError} also for a claims challenge that only the person can meet
 * @throws {ConditionError} `api_timeout`, `api_unavailable` or `api_refused_token`
 */
export async function callApi(
  app: App,
  session: ResolvedSession,
  api: DownstreamApiConfiguration,
  target: URL,
  request: ApiRequest,
  invocation: Invocation,
): Promise<ApiAnswer> {
  const { accessToken, stored } = await acquireToken(app, session, api, invocation);
  if (!stored) await useSession(app, session, invocation);
  const answer = await send(target, request, accessToken, invocation.signal);
  const claims = claimsWanted(answer);
  if (claims === undefined) return answer;
  const { accessToken: another } = await meetChallenge(app, session, api, claims, invocation);
  const second = await send(target, request, another, invocation.signal);
  const still = claimsWanted(second);
  if (still === undefined) return second;
  throw claimsNeeded(app, session, api, "The API asks you to confirm your sign-in.", still);
}

/** With the account's token for credentials, whatever the request has, and as part of the trace that is recorded. */
async function send(target: URL, request: ApiRequest, accessToken: string, signal: AbortSignal): Promise<ApiAnswer> {
  return httpDependency(request.method, target, async (traceparent) => {
    const added = { authorization: `Bearer ${accessToken}`, ...(traceparent !== undefined && { traceparent }) };
    return exchange(target, { ...request, headers: { ...request.headers, ...added } }, signal);
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

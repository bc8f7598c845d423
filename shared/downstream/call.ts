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
  if (answer.status !== 401) return answer;
  const claims = challengeOf(answer);
  const { accessToken: another } = await meetChallenge(app, session, api, claims, invocation);
  const second = await send(target, request, another, invocation.signal);
  if (second.status !== 401) return second;
  const detail = "The API asks you to confirm your sign-in.";
  throw claimsNeeded(app, session, api, detail, challengeOf(second));
}

/** With the account's token for credentials, whatever the request has, and as part of the trace that is recorded. */
async function send(target: URL, request: ApiRequest, accessToken: string, signal: AbortSignal): Promise<ApiAnswer> {
  return httpDependency(request.method, target, async (traceparent) => {
    const added = { authorization: `Bearer ${accessToken}`, ...(traceparent !== undefined && { traceparent }) };
    return exchange(target, { ...request, headers: { ...request.headers, ...added } }, signal);
  });
}

/**
 * What an API that does not accept the token wants instead, as JSON.
 * @throws {ConditionError} `api_refused_token` when it does not say
 */
function challengeOf(answer: ApiAnswer): string {
  answer.body.destroy();
  const claims = claimsChallenge(fieldOf(answer, "www-authenticate"));
  if (claims !== undefined) return claims;
  throw new ConditionError("api_refused_token", "The API's configuration and the app's do not match.");
}

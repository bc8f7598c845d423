import type { App, Invocation } from "../app/app.ts";
import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { ConditionError } from "../core/errors.ts";
import { httpDependency } from "../telemetry/activity.ts";
import type { ResolvedSession } from "../session/resolve.ts";
import { useSession } from "../session/use.ts";
import { acquireToken, meetChallenge } from "./access-token.ts";
import { claimsChallenge } from "./claims-challenge.ts";
import { claimsNeeded } from "./person-needed.ts";

/** What `fetch` takes, as far as it makes sense here: no streams, which could not be sent again, and no other signal. */
export interface DownstreamInit {
  readonly method?: string;
  readonly headers?: NonNullable<RequestInit["headers"]>;
  readonly body?: NonNullable<Exclude<RequestInit["body"], ReadableStream>>;
}

/**
 * Calls a downstream API with the account's token. A claims challenge (continuous access evaluation, authentication context)
 * is met without the person if that can be, by one more token request and one more call.
 * @returns the API's answer, whatever its status, except for what only signing in again can mend
 * @throws {SignInRequiredError} also for a claims challenge that only the person can meet
 * @throws {ConditionError} `api_timeout`, `api_unavailable` or `api_refused_token`
 */
export async function callDownstream(
  app: App,
  session: ResolvedSession,
  api: DownstreamApiConfiguration,
  target: URL,
  init: DownstreamInit,
  invocation: Invocation,
): Promise<Response> {
  const { accessToken, stored } = await acquireToken(app, session, api, invocation);
  if (!stored) await useSession(app, session, invocation);
  const response = await send(target, withToken(init, accessToken), invocation.signal);
  if (response.status !== 401) return response;
  const claims = await challengeOf(response);
  const { accessToken: another } = await meetChallenge(app, session, api, claims, invocation);
  const answer = await send(target, withToken(init, another), invocation.signal);
  if (answer.status !== 401) return answer;
  const detail = "The API asks you to confirm your sign-in.";
  throw claimsNeeded(app, session, api, detail, await challengeOf(answer));
}

function withToken(init: DownstreamInit, accessToken: string): DownstreamInit {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${accessToken}`);
  return { ...init, headers };
}

/** Redirects are not followed: the token is for this API alone, and so is the answer. */
async function send(target: URL, init: DownstreamInit, signal: AbortSignal): Promise<Response> {
  try {
    const { method = "GET" } = init;
    const request = async () => fetch(target, { ...init, redirect: "manual", signal });
    const response = await httpDependency(method, target, request);
    if (response.status > 599) throw new Error(`The API answered with the status ${response.status}`);
    return response;
  } catch (error) {
    if (signal.aborted) throw new ConditionError("api_timeout", "Try again in a moment.", { cause: error });
    throw new ConditionError("api_unavailable", "Try again in a moment.", { cause: error });
  }
}

/**
 * What an API that does not accept the token wants instead, as JSON.
 * @throws {ConditionError} `api_refused_token` when it does not say
 */
async function challengeOf(response: Response): Promise<string> {
  await response.body?.cancel();
  const claims = claimsChallenge(response.headers.get("www-authenticate"));
  if (claims !== undefined) return claims;
  throw new ConditionError("api_refused_token", "The API's configuration and the app's do not match.");
}

import type { App, Invocation } from "../app.ts";
import type { DownstreamApiConfiguration } from "../config.ts";
import { ConditionError, SignInRequiredError } from "../errors.ts";
import { httpDependency } from "../telemetry/activity.ts";
import { extendIdleLifetime, type ResolvedSession } from "../session/resolve.ts";
import { acquireToken } from "./access-token.ts";
import { claimsChallenge } from "./claims-challenge.ts";

/** What `fetch` takes, as far as it makes sense here: no streams, which could not be sent again, and no other signal. */
export interface DownstreamInit {
  readonly method?: string;
  readonly headers?: NonNullable<RequestInit["headers"]>;
  readonly body?: NonNullable<Exclude<RequestInit["body"], ReadableStream>>;
}

/**
 * Calls a downstream API with the account's token.
 * @returns the API's answer, whatever its status, except for what only signing in again can mend
 * @throws {SignInRequiredError} also for a claims challenge of the API
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
  if (!stored) await extendIdleLifetime(app, session, invocation);
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${accessToken}`);
  const response = await send(target, { ...init, headers }, invocation.signal);
  if (response.status === 401) await refuse(response);
  return response;
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

async function refuse(response: Response): Promise<never> {
  await response.body?.cancel();
  const claims = claimsChallenge(response.headers.get("www-authenticate"));
  if (claims !== undefined) {
    throw new SignInRequiredError("The API asks you to confirm your sign-in.", { claims, sessionEnded: false });
  }
  throw new ConditionError("api_refused_token", "The API's configuration and the app's do not match.");
}

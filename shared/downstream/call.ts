import type { App } from "../app/app.ts";
import { ownTimeMs } from "../core/waiting.ts";
import { ProblemError } from "../core/errors.ts";
import { watchSession } from "../session/watch.ts";
import { httpDependency } from "../telemetry/activity.ts";
import { accessToken } from "./access-token.ts";
import { forgetAppToken } from "./app-token.ts";
import { throughCircuit } from "./circuit.ts";
import { claimsChallenge } from "./claims-challenge.ts";
import { exchange, fieldOf, type ApiAnswer, type ApiRequest } from "./exchange.ts";
import { claimsNeeded } from "./person-needed.ts";
import type { ApiCallRequest, TokenRequest } from "./token-request.ts";

/**
 * Calls a downstream API with the token that its settings choose. After a claims challenge (continuous access evaluation,
 * authentication context), it makes one more token request and one more call, if that can satisfy the API without the person.
 * The API has the time limit of its settings; the app's own work before and after the call has the usual one each.
 * @returns the API's answer, whatever its status, unless only a new sign-in can help
 * @throws {SignInRequiredError} also for a claims challenge that only the person can satisfy
 * @throws {ProblemError} `api_timeout`, `api_unavailable`, `api_down` or `api_refused_token`; `send_again` after a challenge, for a
 *   body that was a stream
 */
export async function callApi(app: App, request: ApiCallRequest, target: URL, asked: ApiRequest): Promise<ApiAnswer> {
  if (!hasSession(request)) return send(app, request, target, asked, undefined);
  const answer = await send(app, request, target, asked, await accessToken(app, request));
  const claims = claimsWanted(app, request, answer);
  if (claims === undefined) return answer;
  const challenged = { ...request, claims, signal: AbortSignal.timeout(ownTimeMs) };
  const token = await accessToken(app, challenged);
  if (asked.body instanceof ReadableStream) throw sendAgain();
  const second = await send(app, request, target, asked, token);
  const still = claimsWanted(app, request, second);
  if (still === undefined) return second;
  throw claimsNeeded(app, request, still, "The API asks you to confirm your sign-in.");
}

function hasSession(request: ApiCallRequest): request is TokenRequest {
  return request.session !== undefined;
}

/** The next request finds the new token. */
function sendAgain(): ProblemError {
  const detail = "The API asked for a newer token while it was sent. There is one now.";
  return new ProblemError("send_again", detail, { retryAfterSeconds: 0 });
}

/** Sends the request, as part of the recorded trace. The settings' fields and the token replace fields of the same name. */
async function send(
  app: App,
  request: ApiCallRequest,
  target: URL,
  asked: ApiRequest,
  token: string | undefined,
): Promise<ApiAnswer> {
  const { api } = request;
  const credentials = token !== undefined && { authorization: `Bearer ${token}` };
  // A call goes on only while somebody waits for it, who is still signed in if it began with a session.
  const watch = watchSession(app, request.session, request);
  const call = async () =>
    httpDependency(asked.method, target, async (trace) => {
      const headers = { ...asked.headers, ...api.headers, ...credentials, ...trace };
      return exchange(target, { ...asked, headers }, { timeoutMs: api.timeoutSeconds * 1_000, end: watch.end });
    });
  try {
    const answer = await throughCircuit(api, call);
    answer.body.once("close", watch.stop);
    return answer;
  } catch (error) {
    watch.stop();
    throw error;
  }
}

/**
 * The claims, as JSON, that an API wants because it does not accept the token (401), or cannot call another API with it on
 * behalf of the person (403); undefined for every other answer.
 * @throws {ProblemError} `api_refused_token` for a 401 without a claims challenge
 */
function claimsWanted(app: App, { api }: TokenRequest, answer: ApiAnswer): string | undefined {
  const { status, body } = answer;
  if (api.token === "Anonymous" || (status !== 401 && status !== 403)) return undefined;
  const isPersons = api.token === "UserToken";
  const claims = isPersons ? claimsChallenge(fieldOf(answer, "www-authenticate")) : undefined;
  if (claims !== undefined || status === 401) body.destroy();
  if (claims !== undefined || status === 403) return claims;
  if (api.appScope !== undefined) forgetAppToken(app, api.appScope);
  throw new ProblemError("api_refused_token", "The API's configuration and the app's do not match.");
}

import type { INetworkModule, NetworkRequestOptions } from "@azure/msal-node";
import { LRUCache } from "lru-cache";
import { isRecord } from "../core/encoding.ts";
import { retryAfterMs } from "../http/retry-after.ts";
import { httpDependency } from "../telemetry/activity.ts";
import { IdentityProviderUnavailableError, unavailable } from "./errors.ts";

const requestTimeoutMs = 5_000;

type Response<T> = Awaited<ReturnType<INetworkModule["sendGetRequestAsync"]>> & { body: T };

/** MSAL's network client for one operation, which also tells what became of the requests. MSAL's own has no time limit. */
export interface TokenNetwork extends INetworkModule {
  /** Requests to the token endpoint so far: the only sure sign that MSAL's cache may have changed. */
  readonly tokenRequests: number;
  /** The token endpoint's last answer with tokens; undefined if there was none. */
  readonly issued: Readonly<Record<string, unknown>> | undefined;
  /** Whether an answer had tokens of another account. MSAL does not get to see it. */
  readonly isForeign: boolean;
  /** Why the last request failed, if it did. What MSAL throws hides the reason. */
  readonly failure: IdentityProviderUnavailableError | undefined;
}

export interface TokenNetworkOptions {
  /** Whether tokens are of the account that the operation is for; others are dropped. */
  readonly isExpected?: (answer: unknown) => boolean;
  /** The token endpoint's pauses, shared by the operations of this instance. */
  readonly pauses?: Pauses;
  /** The account that the operation is for; empty for the app itself, and for a sign-in. */
  readonly account?: string;
}

/** @param signal ends every request of the operation */
export function tokenNetwork(
  signal: AbortSignal,
  { isExpected = () => true, pauses = createPauses(), account = "" }: TokenNetworkOptions = {},
): TokenNetwork {
  const failed = (error: IdentityProviderUnavailableError) => (network.failure = error);
  const send = async <T>(url: string, init: RequestInit): Promise<Response<T>> => {
    try {
      const within = AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]);
      return await request<T>(url, { ...init, signal: within }, { pauses, account });
    } catch (error) {
      throw failed(unavailable(error));
    }
  };
  const network: { -readonly [Member in keyof TokenNetwork]: TokenNetwork[Member] } = {
    tokenRequests: 0,
    issued: undefined,
    isForeign: false,
    failure: undefined,
    sendGetRequestAsync: async (url, options) => send(url, { method: "GET", ...partsOf(options) }),
    async sendPostRequestAsync<T>(url: string, options?: NetworkRequestOptions) {
      const leftMs = pauses.leftMs(account);
      if (leftMs > 0) throw failed(new IdentityProviderUnavailableError(new Error(pausedText), leftMs));
      network.tokenRequests++;
      const response = await send<T>(url, { method: "POST", ...partsOf(options) });
      if (response.status >= 400) return response;
      if (!isExpected(response.body)) {
        network.isForeign = true;
        throw new Error("The token endpoint answered with tokens of another account");
      }
      network.issued = isRecord(response.body) ? response.body : {};
      return response;
    },
  };
  return network;
}

const pausedText = "The token endpoint asked for a pause";

function partsOf({ headers, body }: NetworkRequestOptions = {}): RequestInit {
  return { ...(headers && { headers }), ...(body !== undefined && { body }) };
}

interface Asking {
  readonly pauses: Pauses;
  readonly account: string;
}

/**
 * Sends one request. An answer that MSAL would take for tokens or a refusal but is neither means that the endpoint is in
 * trouble.
 */
async function request<T>(url: string, init: RequestInit, asking: Asking): Promise<Response<T>> {
  const send = () => fetch(url, { ...init, redirect: "error" });
  const response = await httpDependency(init.method ?? "GET", url, send);
  if (response.status >= 500 || response.status === 429) throw inTrouble(response, response.status === 429, asking);
  const body: unknown = await response.json();
  if (init.method === "POST" && !isTokenResponse(response.ok, body)) throw inTrouble(response, false, asking);
  if (!response.ok && isLoopDetected(body)) throw loopDetected(response, asking);
  return { status: response.status, headers: Object.fromEntries(response.headers), body: body as T };
}

/**
 * Notes the pause that an answer asks for. "Too many requests" is about who asked, everything else about the endpoint.
 * @param atLeastMs the shortest pause, even if the answer does not ask for one
 */
function inTrouble(
  response: globalThis.Response,
  isTooMany: boolean,
  { pauses, account }: Asking,
  atLeastMs = 0,
): IdentityProviderUnavailableError {
  const pauseMs = Math.max(atLeastMs, response.ok ? 0 : retryAfterMs(response));
  if (pauseMs > 0 && isTooMany) pauses.forOne(account, pauseMs);
  if (pauseMs > 0 && !isTooMany) pauses.forAll(pauseMs);
  return new IdentityProviderUnavailableError(
    new Error(`The endpoint's answer (${response.status}) is no token`),
    pauseMs,
  );
}

/** AADSTS50196, which comes as `invalid_grant`: this client has asked for this account's tokens too often. */
function isLoopDetected(body: unknown): boolean {
  return isRecord(body) && Array.isArray(body["error_codes"]) && body["error_codes"].includes(50_196);
}

const loopPauseMs = 60_000;

/** Lets the account wait. A sign-in has no account yet, so nobody waits: one person's loop must not keep everybody else out. */
function loopDetected(response: globalThis.Response, asking: Asking): IdentityProviderUnavailableError {
  if (asking.account !== "") return inTrouble(response, true, asking, loopPauseMs);
  return new IdentityProviderUnavailableError(new Error("This client asks too often"), loopPauseMs);
}

const passingErrors = new Set(["temporarily_unavailable", "server_error"]);

/** Whether it is a successful or an error response (RFC 6749 sections 5.1 and 5.2), but not an error that passes. */
function isTokenResponse(ok: boolean, body: unknown): boolean {
  if (!isRecord(body)) return false;
  const { access_token: token, error } = body;
  return ok ? typeof token === "string" : typeof error === "string" && !passingErrors.has(error);
}

/** The pauses that an endpoint has asked for, on this instance. */
export interface Pauses {
  /** Milliseconds until `who` may ask; 0 if that is now. */
  leftMs(who: string): number;
  /** Keeps everybody from asking for `ms`. */
  forAll(ms: number): void;
  /** Keeps `who` from asking for `ms`. Several such pauses at once mean that the app asks too much: then nobody asks. */
  forOne(who: string, ms: number): void;
}

const maxKept = 1_000;
/** So many pauses at once are no accident. */
const several = 3;

export function createPauses(): Pauses {
  let allUntil = -Infinity;
  /** The ends of the pauses that are not over, by who has to wait. */
  const until = new LRUCache<string, number>({ max: maxKept, ttlResolution: 0 });

  /** The time from which fewer than `several` have to wait. */
  const severalUntil = () => [...until.values()].toSorted((a, b) => b - a)[several - 1] ?? -Infinity;

  return {
    leftMs(who) {
      const now = performance.now();
      return Math.max(0, allUntil - now, (until.get(who) ?? -Infinity) - now, severalUntil() - now);
    },
    forAll(ms) {
      allUntil = Math.max(allUntil, performance.now() + ms);
    },
    forOne(who, ms) {
      until.set(who, performance.now() + ms, { ttl: ms });
    },
  };
}

import type { INetworkModule, NetworkRequestOptions } from "@azure/msal-node";
import { LRUCache } from "lru-cache";
import { isRecord } from "../core/encoding.ts";
import { retryAfterMs } from "../http/retry-after.ts";
import { httpDependency } from "../telemetry/activity.ts";
import { IdentityProviderUnavailableError, unavailable } from "./errors.ts";

const requestTimeoutMs = 5_000;

type Response<T> = Awaited<ReturnType<INetworkModule["sendGetRequestAsync"]>> & { body: T };

/** MSAL's way to the network for one operation, and what became of its requests. MSAL's own client waits without end. */
export interface TokenNetwork extends INetworkModule {
  /** Requests to the token endpoint so far: the only sure sign that MSAL's cache may have changed. */
  readonly tokenRequests: number;
  /** The last answer with tokens, as the token endpoint gave it. Undefined if it gave none, or refused. */
  readonly issued: Readonly<Record<string, unknown>> | undefined;
  /** Whether an answer brought tokens of another account. MSAL has not seen it. */
  readonly isForeign: boolean;
  /** Why the last request failed, if it did. MSAL wraps what is thrown to it, and the reason with it. */
  readonly failure: IdentityProviderUnavailableError | undefined;
}

export interface TokenNetworkOptions {
  /** Whether tokens are of the account that the operation is for; others are dropped. */
  readonly isExpected?: (answer: unknown) => boolean;
  /** Of the token endpoint, shared by the operations of this instance. */
  readonly pauses?: Pauses;
  /** The account that the operation is for. The empty text is the app itself, and whoever signs in. */
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

/** What MSAL would take for an answer, or for a refusal of the app, and is neither: the endpoint is in trouble. */
async function request<T>(url: string, init: RequestInit, asking: Asking): Promise<Response<T>> {
  const send = () => fetch(url, { ...init, redirect: "error" });
  const response = await httpDependency(init.method ?? "GET", url, send);
  if (response.status >= 500 || response.status === 429) throw inTrouble(response, response.status === 429, asking);
  const body: unknown = await response.json();
  if (init.method === "POST" && !isTokenResponse(response.ok, body)) throw inTrouble(response, false, asking);
  if (!response.ok && isLoopDetected(body)) throw inLoop(response, asking);
  return { status: response.status, headers: Object.fromEntries(response.headers), body: body as T };
}

/**
 * Notes the pause that an answer asks for. "Too many requests" is about who asked, everything else about the endpoint.
 * @param atLeastMs also without its asking
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

/** A sign-in has no account yet that could wait: whoever goes round in circles must not keep everybody else out. */
function inLoop(response: globalThis.Response, asking: Asking): IdentityProviderUnavailableError {
  if (asking.account !== "") return inTrouble(response, true, asking, loopPauseMs);
  return new IdentityProviderUnavailableError(new Error("This client asks too often"), loopPauseMs);
}

const passingErrors = new Set(["temporarily_unavailable", "server_error"]);

/** A successful or an error response (RFC 6749 sections 5.1 and 5.2), unless the error is one that passes. */
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
/** As many pauses at once are no accident. */
const several = 3;

export function createPauses(): Pauses {
  let allUntil = -Infinity;
  /** When the pauses end that are not over. */
  const until = new LRUCache<string, number>({ max: maxKept, ttlResolution: 0 });

  /** When fewer than `several` have to wait. */
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

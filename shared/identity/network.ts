import type { INetworkModule, NetworkRequestOptions } from "@azure/msal-node";
import { isRecord } from "../core/encoding.ts";
import { httpDependency } from "../telemetry/activity.ts";
import { IdentityProviderUnavailableError, unavailable } from "./errors.ts";
import { createPauses, retryAfterMs, type Pauses } from "./pause.ts";

const requestTimeoutMs = 5_000;

type Response<T> = Awaited<ReturnType<INetworkModule["sendGetRequestAsync"]>> & { body: T };

/** MSAL's way to the network for one operation. Its own client waits without end. */
export interface TokenNetwork extends INetworkModule {
  /** Requests to the token endpoint so far: the only sure sign that MSAL's cache may have changed. */
  readonly tokenRequests: number;
  /** Whether the token endpoint answered one of them with tokens, rather than with a refusal. */
  readonly tokensIssued: boolean;
  /** The last answer with tokens, as the token endpoint gave it. */
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
  let tokenRequests = 0;
  let issued: Readonly<Record<string, unknown>> | undefined;
  let isForeign = false;
  let failure: IdentityProviderUnavailableError | undefined;

  const send = async <T>(url: string, init: RequestInit): Promise<Response<T>> => {
    try {
      const within = AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]);
      return await request<T>(url, { ...init, signal: within }, { pauses, account });
    } catch (error) {
      failure = unavailable(error);
      throw failure;
    }
  };

  return {
    get tokenRequests() {
      return tokenRequests;
    },
    get tokensIssued() {
      return issued !== undefined;
    },
    get issued() {
      return issued;
    },
    get isForeign() {
      return isForeign;
    },
    get failure() {
      return failure;
    },
    sendGetRequestAsync: (url, options) =>
      send(url, { method: "GET", ...(options?.headers && { headers: options.headers }) }),
    async sendPostRequestAsync<T>(url: string, options?: NetworkRequestOptions) {
      const leftMs = pauses.leftMs(account);
      if (leftMs > 0) {
        failure = new IdentityProviderUnavailableError(new Error("The token endpoint asked for a pause"), leftMs);
        throw failure;
      }
      tokenRequests++;
      const { headers, body } = options ?? {};
      const init = { method: "POST", ...(headers && { headers }), ...(body !== undefined && { body }) };
      const response = await send<T>(url, init);
      if (response.status >= 400) return response;
      if (!isExpected(response.body)) {
        isForeign = true;
        throw new Error("The token endpoint answered with tokens of another account");
      }
      issued = isRecord(response.body) ? response.body : {};
      return response;
    },
  };
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

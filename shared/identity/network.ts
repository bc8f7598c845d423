import type { INetworkModule } from "@azure/msal-node";
import { IdentityProviderUnavailableError } from "./metadata.ts";

const requestTimeoutMs = 5_000;

type Response<T> = Awaited<ReturnType<INetworkModule["sendGetRequestAsync"]>> & { body: T };

/** MSAL's way to the network for one operation. Its own client waits without end. */
export interface TokenNetwork extends INetworkModule {
  /** Requests to the token endpoint so far: the only sure sign that MSAL's cache may have changed. */
  readonly tokenRequests: number;
  /** Why the last request failed, if it did. MSAL wraps what is thrown to it, and the reason with it. */
  readonly failure: IdentityProviderUnavailableError | undefined;
}

/** @param signal ends every request of the operation */
export function tokenNetwork(signal: AbortSignal): TokenNetwork {
  let tokenRequests = 0;
  let failure: IdentityProviderUnavailableError | undefined;

  const send = async <T>(url: string, init: RequestInit): Promise<Response<T>> => {
    try {
      return await request<T>(url, {
        ...init,
        signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
      });
    } catch (error) {
      failure = new IdentityProviderUnavailableError(error);
      throw failure;
    }
  };

  return {
    get tokenRequests() {
      return tokenRequests;
    },
    get failure() {
      return failure;
    },
    sendGetRequestAsync: (url, options) =>
      send(url, { method: "GET", ...(options?.headers && { headers: options.headers }) }),
    sendPostRequestAsync: (url, options) => {
      tokenRequests++;
      const { headers, body } = options ?? {};
      return send(url, { method: "POST", ...(headers && { headers }), ...(body !== undefined && { body }) });
    },
  };
}

/** Server errors and anything that is not JSON are "unavailable": MSAL would take them for answers. */
async function request<T>(url: string, init: RequestInit): Promise<Response<T>> {
  const response = await fetch(url, { ...init, redirect: "error" });
  if (response.status >= 500 || response.status === 429) throw new Error(`The endpoint answered ${response.status}`);
  const body = (await response.json()) as T;
  return { status: response.status, headers: Object.fromEntries(response.headers), body };
}

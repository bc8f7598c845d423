import { ManagedIdentityApplication, type INetworkModule } from "@azure/msal-node";
import { withinDeadline } from "../deadline.ts";

/** What Azure's SDKs take as a credential. */
export interface ManagedIdentity {
  /** @param scopes one scope, `<resource>/.default`; a list must have exactly one */
  getToken(scopes: string | string[]): Promise<{ readonly token: string; readonly expiresOnTimestamp: number }>;
}

const requestTimeoutMs = 2_000;
const tokenTimeoutMs = 4_000;

/**
 * The function app's managed identity, through MSAL, which is in the bundle anyway: `@azure/identity` would wrap the same
 * class, and bring along the credentials of developers' machines. Tokens are kept by MSAL until they are about to expire.
 * @param clientId of a user-assigned identity
 */
export function managedIdentity(clientId?: string): ManagedIdentity {
  const application = new ManagedIdentityApplication({
    ...(clientId !== undefined && { managedIdentityIdParams: { userAssignedClientId: clientId } }),
    system: { networkClient: network },
  });
  return {
    async getToken(scopes) {
      const [scope, ...others] = [scopes].flat();
      if (scope === undefined || others.length > 0) throw new Error("A managed identity's token has one scope");
      try {
        const request = application.acquireToken({ resource: scope });
        const { accessToken, expiresOn } = await withinDeadline(AbortSignal.timeout(tokenTimeoutMs), request);
        if (!accessToken || !expiresOn) throw new Error("the answer has no token");
        return { token: accessToken, expiresOnTimestamp: expiresOn.getTime() };
      } catch (error) {
        // Not MSAL's own kind of error: whoever redeems a code would take it for the token endpoint's answer.
        throw new Error(`The managed identity gave no token: ${messageOf(error)}`, { cause: error });
      }
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** MSAL's own client waits without end. */
const network: INetworkModule = {
  sendGetRequestAsync: (url, options) => send(url, { method: "GET", ...withHeaders(options?.headers) }),
  sendPostRequestAsync: (url, options) =>
    send(url, { method: "POST", body: options?.body ?? "", ...withHeaders(options?.headers) }),
};

function withHeaders(headers: Record<string, string> | undefined): RequestInit {
  return headers ? { headers } : {};
}

async function send<T>(url: string, init: RequestInit): Promise<NetworkResponse<T>> {
  const response = await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(requestTimeoutMs) });
  const { status, headers } = response;
  return { status, headers: Object.fromEntries(headers), body: (await response.json()) as T };
}

type NetworkResponse<T> = Awaited<ReturnType<INetworkModule["sendGetRequestAsync"]>> & { body: T };

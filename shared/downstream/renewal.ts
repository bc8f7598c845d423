import type { AuthenticationResult } from "@azure/msal-node";
import type { App } from "../app/app.ts";
import { NoAnswerInTimeError } from "../core/waiting.ts";
import type { OperationClient } from "../identity/authority.ts";
import { appRefused, IdentityProviderUnavailableError } from "../identity/errors.ts";
import { missingScopes } from "../identity/token-response.ts";
import { withoutEarlyRenewal } from "../identity/token-cache.ts";
import { sessionEnded } from "../session/ended.ts";
import { StoreUnavailableError } from "../store/errors.ts";
import { classify, ForeignTokensError } from "./refused.ts";
import { storeIfUnchanged, storeRenewed } from "./store-renewal.ts";
import type { RenewalRequest } from "./token-request.ts";

type Renewer = Pick<App, "authority" | "renewals" | "store" | "timing" | "warnings">;

export interface Renewal {
  readonly accessToken: string;
  /** Whether the document was written, which also counted the session's use, unless the request is none. */
  readonly stored: boolean;
}

/**
 * Renews the access token with the session's refresh token, and stores the new tokens before they are used: a session that is
 * gone when the token endpoint has answered gets no token. Requests that have read the same version of the document share one
 * renewal.
 * @throws {RefusedError} when the token endpoint refuses the refresh token, or needs the person to do something
 * @throws {ForeignTokensError} when it has answered with another account's tokens
 * @throws {SignInRequiredError} when the session is gone
 * @throws {ProblemError} `identity_provider_unavailable`, `store_unavailable` or `app_refused`
 */
export async function renew(app: Renewer, request: RenewalRequest): Promise<Renewal> {
  const { session, api, claims, revalidates = false, isUse = true } = request;
  const { accountKey, sessionKey, account } = session;
  const key = [accountKey, sessionKey, account.etag, api.name, revalidates, isUse, claims].join(" ");
  const progress: Progress = { isStoring: false };
  const work = async (signal: AbortSignal) => renewAndStore(app, { ...request, signal }, progress);
  try {
    return await app.renewals.share(key, request.signal, work);
  } catch (error) {
    if (!(error instanceof NoAnswerInTimeError)) throw error;
    throw progress.isStoring
      ? new StoreUnavailableError("store a renewal", error)
      : new IdentityProviderUnavailableError(error);
  }
}

/** How far a renewal is, for the request that has started it. */
interface Progress {
  isStoring: boolean;
}

async function renewAndStore(app: Renewer, request: RenewalRequest, progress: Progress): Promise<Renewal> {
  const client = await app.authority.client(request.signal, request.session.secrets);
  const { accessToken } = await askMsal(client, request);
  const { network } = client;
  // MSAL's own signs (`fromCache`, `cacheHasChanged`) miss renewals; a request to the token endpoint is a sure one. An early
  // renewal that failed does not count.
  if (network.tokenRequests === 0 || network.failure) return { accessToken, stored: false };
  progress.isStoring = true;
  await (network.issued ? keepRenewed(app, request, client) : keepUnrenewed(app, request, client));
  return { accessToken, stored: true };
}

/** Gets a token from MSAL, which takes it from its cache or from the token endpoint. */
async function askMsal({ msal, network }: OperationClient, request: RenewalRequest): Promise<AuthenticationResult> {
  const { session, api, claims, revalidates: forceRefresh = false } = request;
  const account = await msal.getTokenCache().getAccountByHomeId(session.secrets.claims.homeAccountId);
  if (!account) throw sessionEnded();
  const asked = { account, scopes: [...api.scopes], forceRefresh, ...(claims !== undefined && { claims }) };
  const result = await msal.acquireTokenSilent(asked).catch((error: unknown) => {
    throw network.isForeign ? new ForeignTokensError() : (network.failure ?? classify(error, claims));
  });
  // MSAL does not report an early renewal that fails.
  if (network.isForeign) throw new ForeignTokensError();
  if (!result?.accessToken) throw appRefused(new Error("The token endpoint issued no access token"));
  return result;
}

async function keepRenewed(
  app: Renewer,
  request: RenewalRequest,
  { network, serialize }: OperationClient,
): Promise<void> {
  const { api, claims, telemetry } = request;
  const granted = network.issued?.["scope"];
  await storeRenewed(app, request, serialize(), granted);
  for (const scope of missingScopes(api.scopes, granted)) {
    app.warnings.once("scope_missing", telemetry, { api: api.name, scope });
  }
  telemetry.info("token_renewed", { api: api.name, challenged: claims !== undefined });
}

/**
 * Stops early renewals after a refused one: MSAL would try it again with every call. What the refusal means shows at expiry.
 */
async function keepUnrenewed(app: Renewer, request: RenewalRequest, { serialize }: OperationClient): Promise<void> {
  await storeIfUnchanged(app, request, withoutEarlyRenewal(serialize()));
  request.telemetry.warn("token_refused", { api: request.api.name, final: false });
}

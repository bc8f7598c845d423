import type { App } from "../app/app.ts";
import { sessionLost } from "../session/ended.ts";
import { latestSession } from "../session/resolve.ts";
import { whatIsServed } from "../session/served.ts";
import { countStoredUse, useSession } from "../session/use.ts";
import { appToken } from "./app-token.ts";
import { cachedToken } from "./cached-token.ts";
import { sessionAfterFailure } from "./failed-renewal.ts";
import { personNeeded } from "./person-needed.ts";
import { RefusedError } from "./refused.ts";
import { renew } from "./renewal.ts";
import type { TokenRequest } from "./token-request.ts";

interface Token {
  /** Undefined for an API that is called without one. */
  readonly accessToken: string | undefined;
  /** Whether the document was written for this token, which also counted the session's use. */
  readonly stored: boolean;
}

/**
 * The access token that the request's API is called with, as its settings say: the person's, the app's own, or none. Getting it
 * counts as a use of the session.
 *
 * The person's comes from the session's cache, or is renewed and stored before it is used. A renewal can satisfy a claims
 * challenge if the person need not do anything: the API often wants a newer token, or a claim that the sign-in already
 * satisfied. Such claims are in an API's tokens only if they are asked for.
 * @throws {SignInRequiredError} when the session is gone or the identity provider needs the person to do something, with the
 *   claims to sign in with, if there are any
 * @throws {ProblemError} `api_signin_required`, `api_not_permitted`, `identity_provider_unavailable` or `app_refused`
 */
export async function accessToken(app: App, request: TokenRequest): Promise<string | undefined> {
  const { accessToken: token, stored } = await tokenFor(app, request);
  if (stored) countStoredUse(request.session);
  else await useSession(app, request.session, request);
  await refuseIfOut(app, request);
  return token;
}

/** Signing everybody out writes nothing to a session's document, so a renewal does not notice it. */
async function refuseIfOut(app: App, { session, signal }: TokenRequest): Promise<void> {
  const isServed = await whatIsServed(app, { signal });
  if (!isServed(session.stored, session.secrets.claims.tenantId)) throw sessionLost();
}

async function tokenFor(app: App, request: TokenRequest): Promise<Token> {
  const { api, signal } = request;
  if (api.token === "UserToken") return cachedOrRenewed(app, await upToDate(app, request));
  const ofApp = api.appScope === undefined ? undefined : await appToken(app, api.appScope, signal);
  return { accessToken: ofApp, stored: false };
}

/**
 * The call that was challenged may have taken a while. Tokens that another request has renewed meanwhile must not be lost, and
 * a session that has ended meanwhile gets none.
 */
async function upToDate(app: App, request: TokenRequest): Promise<TokenRequest> {
  return request.claims === undefined
    ? request
    : { ...request, session: await latestSession(app, request.session, request) };
}

/** If a renewal fails but another request has stored newer tokens, looks into the cache again. */
async function cachedOrRenewed(app: App, request: TokenRequest): Promise<Token> {
  for (let current = request; ;) {
    const cached = cachedTokenFor(app, current);
    if (cached !== undefined) return { accessToken: cached, stored: false };
    const startedAt = performance.now();
    try {
      return await renew(app, current);
    } catch (error) {
      const after = await sessionAfterFailure(app, current, error, startedAt);
      if (after instanceof RefusedError) throw personNeeded(app, current, after);
      current = { ...current, session: after };
    }
  }
}

function cachedTokenFor(
  { configuration, clock }: Pick<App, "configuration" | "clock">,
  { session, api, claims }: TokenRequest,
): string | undefined {
  if (claims !== undefined) return undefined;
  return cachedToken(session.secrets, api.scopes, configuration.azureAd.clientId, clock.now());
}

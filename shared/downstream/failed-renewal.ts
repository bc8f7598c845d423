import { setTimeout as sleep } from "node:timers/promises";
import type { App } from "../app/app.ts";
import type { SignInRequiredError } from "../core/errors.ts";
import { IdentityProviderUnavailableError } from "../identity/errors.ts";
import { sessionEnded, sessionRefused } from "../session/ended.ts";
import { latestSession, requireSession, type ResolvedSession, type SessionFinder } from "../session/resolve.ts";
import { endSessionWithForeignTokens, endRefusedSession } from "../sign-out/by-app.ts";
import { ForeignTokensError, RefusedError } from "./refused.ts";
import type { RenewalRequest } from "./token-request.ts";

/**
 * Waits before each look at the store, in milliseconds. If refresh tokens rotate, a refusal may only mean that another instance
 * has used the token first and is about to store its successor, which may take some attempts. Entra does not rotate refresh
 * tokens that way, and says why it refuses.
 */
const secondLooksMs = [0, 200, 500, 800, 1_000, 1_500, 2_000];

/**
 * The looks end this long after the renewal began, in milliseconds. The request needs the rest of its time to end the session
 * and to answer.
 */
const lookForMs = 6_000;

/**
 * Decides what a failed renewal means. A refusal counts only if no newer tokens appear in the store. Then a final refusal ends
 * the session; after any other, the person has to do what is asked for.
 * @param error what {@link renew} has thrown
 * @param startedAt when the renewal began, by `performance.now()`
 * @returns the session with the newer tokens, for another attempt; or the refusal, if the person has to do something
 * @throws {SignInRequiredError} when the session has ended
 * @throws `error` itself when it says nothing about the session
 */
export async function sessionAfterFailure(
  app: App,
  request: RenewalRequest,
  error: unknown,
  startedAt: number,
): Promise<ResolvedSession | RefusedError> {
  if (error instanceof ForeignTokensError) throw await afterForeignTokens(app, request, error);
  if (!(error instanceof RefusedError)) throw error;
  const renewed = await renewedElsewhere(app, request, error, startedAt);
  if (renewed) return renewed;
  request.telemetry.warn("token_refused", { api: request.api.name, final: error.final });
  return error.final ? endUnlessRenewed(app, request, error) : error;
}

/** Ends the session: nobody can tell whose refresh token it has. Nothing of the token endpoint's answer was used or stored. */
async function afterForeignTokens(
  app: App,
  request: RenewalRequest,
  error: ForeignTokensError,
): Promise<SignInRequiredError> {
  request.telemetry.error("token_of_other_account", { api: request.api.name });
  await endSessionWithForeignTokens(app, request.session, request);
  return sessionEnded(error);
}

/** The session as another request has stored it since this one read it, if one has. */
async function renewedElsewhere(
  app: SessionFinder,
  request: RenewalRequest,
  refusal: RefusedError,
  startedAt: number,
): Promise<ResolvedSession | undefined> {
  const { session, signal } = request;
  for (const waitMs of refusal.final && !refusal.isCertain ? secondLooksMs : [0]) {
    if (waitMs > 0 && performance.now() - startedAt + waitMs > lookForMs) break;
    await sleep(waitMs, undefined, { signal }).catch(() => {
      // The store has not failed: the refusal came too late to make sure of it.
      throw new IdentityProviderUnavailableError(refusal);
    });
    const latest = await latestSession(app, session, request, refusal);
    if (latest.stored.sealed !== session.stored.sealed) return latest;
  }
  return undefined;
}

/** Ends the session, unless another request stores newer tokens before that is done. */
async function endUnlessRenewed(app: App, request: RenewalRequest, refusal: RefusedError): Promise<ResolvedSession> {
  const { outcome } = await endRefusedSession(app, request.session, request);
  if (outcome === "nothing") return requireSession(app, request.session, request, refusal);
  throw sessionRefused(refusal);
}

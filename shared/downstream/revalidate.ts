import { LRUCache } from "lru-cache";
import type { App, Invocation } from "../app/app.ts";
import { problemCodeOf, type ProblemCode } from "../core/errors.ts";
import { latestSession, type ResolvedSession } from "../session/resolve.ts";
import { standingOf } from "../session/revalidation.ts";
import { sessionAfterFailure } from "./failed-renewal.ts";
import { RefusedError } from "./refused.ts";
import { renew } from "./renewal.ts";
import { storeAnswer } from "./store-renewal.ts";
import type { RenewalRequest } from "./token-request.ts";

/** How long a request waits, in milliseconds, for an answer that it can do without. */
const patienceMs = 3_000;
/** Milliseconds until the identity provider is asked again for a session, if it did not answer. */
const pauseMs = 60_000;

/** Failures that say nothing about the session. */
const passing: ReadonlySet<ProblemCode> = new Set(["identity_provider_unavailable", "app_refused", "app_incomplete"]);

/** Keys of the sessions for which the identity provider did not answer a moment ago. */
const unanswered = new LRUCache<string, true>({ max: 10_000, ttl: pauseMs });

/** What an app asks for that calls no API: a sign-in brings this token, too. */
const noApi = { name: "none", scopes: [] };

/**
 * The session, once the identity provider has answered for it within `Session__RevalidateMinutes`. If it has not, this renews a
 * token of the first API, whatever the request is about: a renewal fails when the account is disabled or deleted, or its
 * sessions are revoked. If the identity provider does not answer, the session serves for as long again.
 * @param isUse whether the request counts as a use of the session
 * @throws {SignInRequiredError} when the identity provider refuses for good, which has ended the session
 * @throws {ProblemError} `identity_provider_unavailable`, `app_refused` or `app_incomplete` when it has not answered for twice
 *   that time. The session stays, and serves again when it answers
 */
export async function revalidated(
  app: App,
  session: ResolvedSession,
  invocation: Invocation,
  isUse: boolean,
): Promise<ResolvedSession> {
  const standing = standingIn(app, session);
  if (standing === "confirmed") return session;
  if (standing === "overdue") return revalidate(app, session, invocation, isUse);
  if (unanswered.has(session.sessionKey)) return session;
  try {
    return await revalidate(app, session, invocation, isUse, AbortSignal.timeout(patienceMs));
  } catch (error) {
    const code = problemCodeOf(error);
    if (!passing.has(code)) throw error;
    unanswered.set(session.sessionKey, true);
    invocation.telemetry.warn("session_not_revalidated", { code });
    // Meanwhile, the session may have been signed out.
    return latestSession(app, session, invocation);
  }
}

function standingIn({ configuration, clock }: App, { stored }: ResolvedSession): ReturnType<typeof standingOf> {
  return standingOf(stored, configuration.session, clock.now());
}

/** @param patience ends the wait for the token endpoint. What its answer means is decided in the request's own time */
async function revalidate(
  app: App,
  session: ResolvedSession,
  invocation: Invocation,
  isUse: boolean,
  patience: AbortSignal = invocation.signal,
): Promise<ResolvedSession> {
  const [api = noApi] = app.configuration.downstreamApis.values();
  const within = AbortSignal.any([patience, invocation.signal]);
  let current = session;
  while (standingIn(app, current) !== "confirmed") {
    current = await renewedOnce(app, { ...invocation, session: current, api, revalidates: true, isUse }, within);
  }
  return current;
}

/** The session after one renewal, or with newer tokens of another request: those need not be of now. */
async function renewedOnce(app: App, request: RenewalRequest, within: AbortSignal): Promise<ResolvedSession> {
  const startedAt = performance.now();
  try {
    await renew(app, { ...request, signal: within });
  } catch (error) {
    const after = await sessionAfterFailure(app, request, error, startedAt);
    // If the person is needed for this API, the account is in order, and nobody has asked for the API here.
    return after instanceof RefusedError ? storeAnswer(app, request) : after;
  }
  return latestSession(app, request.session, request);
}

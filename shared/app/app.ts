import { connectStore, type ConnectedStore } from "../account/cosmos.ts";
import { openedSeals, type OpenedSeals } from "../account/opened-seals.ts";
import type { AccountStore, Timing } from "../account/store.ts";
import type { Configuration } from "../configuration/configuration.ts";
import { forGood, shared, sharedWork, whileAsked, type SharedWork } from "../core/shared-work.ts";
import { authorityOf, type Authority } from "../identity/authority.ts";
import { workQueue, type WorkQueue } from "../queue/queue.ts";
import { readinessOf, type Readiness } from "../readiness/readiness.ts";
import { storeClock, type StoreClock } from "../store/clock.ts";
import type { Telemetry } from "../telemetry/log.ts";

/**
 * What lives as long as the process. It holds nobody's data beyond the running requests, except for `openedSeals`, which is
 * useless without the seal as the store has it now.
 */
export interface App {
  readonly configuration: Configuration;
  readonly authority: Authority;
  /** Token requests: one for all callers that have read the same version of a session. */
  readonly renewals: SharedWork;
  readonly openedSeals: OpenedSeals;
  readonly warnings: Set<Warning>;
  /** Whether a sign-in was completed. Until then, the absence of warnings means nothing. */
  signInSeen: boolean;
  /** For `/readyz`. */
  readonly readiness: Readiness;
  store(): Promise<AccountStore>;
  /** Every time that is stored, or compared with one that is, comes from here. */
  readonly clock: StoreClock;
  readonly timing: Timing;
  /** Asks the store for its time unless that is known. Waits a second at most, and never rejects. */
  learnTime(): Promise<void>;
  /** Holds the sign-outs that the store could not take. */
  readonly signOutQueue: WorkQueue;
}

/** What an operator should know although the app works. `/readyz` shows it. */
export type Warning = "scope_missing" | "sid_missing" | "login_hint_missing";

export const warningTexts: Readonly<Record<Warning, string>> = {
  scope_missing:
    "The identity provider granted fewer scopes than DownstreamApis__<name>__Scopes asks for; calls go on with what there is. " +
    "The event scope_missing in the log names API and scope: add it to the app registration, and have it consented to.",
  sid_missing:
    "A sign-in brought neither a sid claim nor session_state: a sign-out begun elsewhere cannot reach these sessions. " +
    "Add the optional claim sid to the ID tokens of the app registration.",
  login_hint_missing:
    "A sign-in brought no login_hint claim: people are asked which account to sign out. " +
    "Add the optional claim login_hint to the ID tokens of the app registration.",
};

/** What lives as long as one request. */
export interface Invocation {
  /** Aborts when the request has used up its time. Everything that waits must observe it. */
  readonly signal: AbortSignal;
  readonly telemetry: Telemetry;
}

/** The queue of sign-outs that the store could not take. It is in the storage account that every function app has. */
export const signOutQueueName = "sign-outs";

export function createApp(configuration: Configuration): App {
  const clock = storeClock();
  const store = shared(async () => connectStore(configuration.cosmosDb, clock), forGood);
  const authority = authorityOf(configuration, clock);
  return {
    configuration,
    authority,
    renewals: sharedWork(),
    openedSeals: openedSeals(),
    warnings: new Set(),
    signInSeen: false,
    readiness: readinessOf(configuration, authority, store),
    store,
    clock,
    signOutQueue: workQueue(configuration.signOut.queue, signOutQueueName),
    timing: { lifetimes: configuration.session, clock },
    learnTime: timeLearner(clock, store),
  };
}

const lookTimeoutMs = 1_000;

/** Callers at the same time share one look at the store. */
function timeLearner(clock: StoreClock, store: () => Promise<ConnectedStore>): () => Promise<void> {
  const look = shared(async () => {
    try {
      await (await store()).look(AbortSignal.timeout(lookTimeoutMs));
    } catch {
      // Then the time stays unknown, and whatever that leaves in doubt counts as signed out.
    }
  }, whileAsked);
  return async () => {
    if (!clock.bounds()) await look();
  };
}

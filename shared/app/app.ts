import { connectStore } from "../account/cosmos.ts";
import { latestNotBefore, type LatestNotBefore } from "../account/latest-not-before.ts";
import { storedNotBefore } from "../account/not-before.ts";
import { openedSeals, type OpenedSeals } from "../account/opened-seals.ts";
import type { AccountStore, Timing } from "../account/store.ts";
import type { Configuration } from "../configuration/configuration.ts";
import { forGood, shared, sharedWork, type SharedWork } from "../core/waiting.ts";
import { usualLanguages, type Languages } from "../texts/language.ts";
import { usualAppName } from "../http/page.ts";
import type { ContentPolicy } from "../http/page-policy.ts";
import { staticFilesIn, type StaticFiles } from "../http/static-files.ts";
import { authorityOf, type Authority } from "../identity/authority.ts";
import { workQueue, type WorkQueue } from "../queue/queue.ts";
import { readinessOf, type Readiness } from "../readiness/readiness.ts";
import { storeClock, type StoreClock } from "../store/clock.ts";
import { timeLearner } from "../store/learn-time.ts";
import type { Hooks } from "./hooks.ts";
import type { Telemetry } from "../telemetry/log.ts";
import { warningsSinceStart, type Warnings } from "../telemetry/warnings.ts";

/**
 * What lives as long as the process. It holds nobody's data beyond the running requests, except for `openedSeals`, which is
 * useless without the seal as the store has it now.
 */
export interface App {
  /** Shown on every page. */
  readonly name: string;
  readonly languages: Languages;
  /** Names of further claims of the ID token that sessions keep. */
  readonly keptClaims: readonly string[];
  /** What its pages may load besides the app's own files. */
  readonly contentPolicy: ContentPolicy;
  readonly hooks: Hooks;
  /** The app's own front end, if it has one here. */
  readonly files: StaticFiles | undefined;
  readonly configuration: Configuration;
  readonly authority: Authority;
  /** Token requests: one for all callers that have read the same version of a session. */
  readonly renewals: SharedWork;
  readonly openedSeals: OpenedSeals;
  /** From when on sessions count, as an administrator has set it. */
  readonly notBefore: LatestNotBefore;
  readonly warnings: Warnings;
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
  /** Holds the sign-out orders that wait because the store failed. */
  readonly signOutQueue: WorkQueue;
  /** Holds what the directory has told, until it is looked at. */
  readonly directoryQueue: WorkQueue;
}

/** What lives as long as one request. */
export interface Invocation {
  /** Aborts when the request has used up its time. Everything that waits must observe it. */
  readonly signal: AbortSignal;
  /** Aborts when nobody waits for the answer any more, if that can be known. What only the answer needs ends then. */
  readonly gone?: AbortSignal | undefined;
  readonly telemetry: Telemetry;
}

/**
 * The queue of sign-out orders that wait because the store failed. It is in the storage account that every function app has.
 */
export const signOutQueueName = "sign-outs";
/** The queue of users that have changed in the directory, if it ends sessions. */
export const directoryQueueName = "directory-changes";

/** What is the app's own, and no setting. */
interface AppOptions {
  readonly name?: string | undefined;
  readonly languages?: Languages | undefined;
  readonly keptClaims?: readonly string[] | undefined;
  readonly contentPolicy?: ContentPolicy | undefined;
  readonly hooks?: Hooks | undefined;
  /** As for `bff()`. */
  readonly files?: string | undefined;
}

/** @throws {ConfigurationError} if the folder of `files` cannot be served */
export function createApp(configuration: Configuration, options: AppOptions = {}): App {
  const { name = usualAppName, languages = usualLanguages, keptClaims = [], contentPolicy = {}, hooks = {} } = options;
  const clock = storeClock();
  const store = shared(async () => connectStore(configuration.cosmosDb, clock), forGood);
  const authority = authorityOf(configuration, clock);
  return {
    name,
    languages,
    keptClaims,
    contentPolicy,
    hooks,
    files: options.files === undefined ? undefined : staticFilesIn(options.files),
    configuration,
    authority,
    renewals: sharedWork(),
    openedSeals: openedSeals(),
    notBefore: latestNotBefore(async (signal) => storedNotBefore((await store()).notBefore, signal), clock),
    warnings: warningsSinceStart(),
    signInSeen: false,
    readiness: readinessOf(configuration, authority, store),
    store,
    clock,
    signOutQueue: workQueue(configuration.signOut.queue, signOutQueueName),
    directoryQueue: workQueue(configuration.signOut.queue, directoryQueueName),
    timing: { lifetimes: configuration.session, clock },
    learnTime: timeLearner(clock, async (signal) => (await store()).look(signal)),
  };
}

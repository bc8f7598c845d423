import { isSubscribed, stateKeyOf } from "../account/directory-state.ts";
import type { AccountStore } from "../account/store.ts";
import type { Configuration } from "../configuration/configuration.ts";
import { shared, withinDeadline } from "../core/waiting.ts";
import { problemCodeOf, type ProblemCode } from "../core/errors.ts";
import type { Authority } from "../identity/authority.ts";
import { proveCredential, type CredentialOutcome } from "./prove-credential.ts";
import { StoreUnavailableError } from "../store/errors.ts";

/** `store_refused`: the store answers, but does not let the app in. */
export type StoreOutcome = "ok" | "store_refused" | ProblemCode;

/** Checks of what the app depends on. */
export interface Readiness {
  /** Both containers can be read. */
  store(signal: AbortSignal): Promise<StoreOutcome>;
  /** @returns "identity_provider_unavailable" as well when there is no answer before `signal` aborts */
  credential(signal: AbortSignal): Promise<CredentialOutcome>;
  /** Whether a directory that is to end sessions tells the app nothing. False as well while that cannot be found out. */
  directoryIsSilent(signal: AbortSignal): Promise<boolean>;
}

/** What `/readyz` says then. */
export const directoryNotSubscribed = {
  code: "directory_not_subscribed",
  detail:
    "Directory__Notifications is on, but there is no subscription at Microsoft Graph, or it has expired. The timer directory " +
    "subscribes within five minutes of a start; if it cannot, the event directory_failed with the step subscribe says why.",
} as const;

/** What `/readyz` says if no queue is configured. */
export const queueMissing = {
  code: "queue_missing",
  detail:
    "The app has no queue: AzureWebJobsStorage or AzureWebJobsStorage__queueServiceUri is missing. A sign-out that meets a store " +
    "that does not answer fails, instead of being finished later.",
} as const;

const checkTimeoutMs = 6_000;
const storeKeptMs = 2_000;
/**
 * The token endpoint counts requests, so it is asked seldom. Other results are kept for less, so that a correction shows soon.
 */
const credentialKeptMs = { ok: 300_000, other: 15_000 } as const;

/**
 * Results are kept and shared. Anyone may ask, however often: the services behind the app get at most one check at a time, and
 * none while the last result is kept.
 */
export function readinessOf(
  configuration: Configuration,
  authority: Authority,
  store: () => Promise<AccountStore>,
): Readiness {
  const askStore = shared(
    async () => readBothContainers(store),
    () => storeKeptMs,
  );
  const askCredential = shared(
    async () => (await proveCredential(authority, configuration, AbortSignal.timeout(checkTimeoutMs))).outcome,
    (outcome) => (outcome === "ok" ? credentialKeptMs.ok : credentialKeptMs.other),
  );
  const askDirectory = shared(
    async () => isDirectorySilent(configuration, await store(), authority.clock.now()),
    () => storeKeptMs,
  );
  return {
    store: async (signal) => withinDeadline(signal, askStore()).catch((): StoreOutcome => "store_unavailable"),
    credential: async (signal) =>
      withinDeadline(signal, askCredential()).catch((): CredentialOutcome => "identity_provider_unavailable"),
    directoryIsSilent: async (signal) => withinDeadline(signal, askDirectory()).catch(() => false),
  };
}

async function readBothContainers(store: () => Promise<AccountStore>): Promise<StoreOutcome> {
  const signal = AbortSignal.timeout(checkTimeoutMs);
  try {
    const { accounts, sids } = await store();
    await Promise.all([accounts.read("readyz", signal), sids.read("readyz", signal)]);
    return "ok";
  } catch (error) {
    return isRefusal(error) ? "store_refused" : problemCodeOf(error);
  }
}

async function isDirectorySilent(
  configuration: Configuration,
  { directory: operations }: AccountStore,
  now: number,
): Promise<boolean> {
  const { directory } = configuration;
  if (!directory) return false;
  const signal = AbortSignal.timeout(checkTimeoutMs);
  const state = await operations.read(stateKeyOf(configuration, directory), signal);
  return !state || !isSubscribed(state.document, now);
}

function isRefusal(error: unknown): boolean {
  const { cause } = error instanceof StoreUnavailableError ? error : {};
  const status = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return status === 401 || status === 403;
}

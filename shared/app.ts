import { connectStore } from "./account/cosmos.ts";
import { openedSeals, type OpenedSeals } from "./account/opened-seals.ts";
import type { AccountStore } from "./account/store.ts";
import type { Configuration } from "./config.ts";
import { renewals, type Renewals } from "./downstream/renewals.ts";
import { authorityOf, type Authority } from "./identity/authority.ts";
import type { SignOutOrder } from "./sign-out/order.ts";
import type { Telemetry } from "./telemetry.ts";

/**
 * What lives as long as the process. Holds no person's data beyond the requests that are running, but for `openedSeals`,
 * which is of use only to who has just read the same from the store.
 */
export interface App {
  readonly configuration: Configuration;
  readonly authority: Authority;
  readonly renewals: Renewals;
  readonly openedSeals: OpenedSeals;
  readonly warnings: Set<Warning>;
  store(): Promise<AccountStore>;
}

/** What an operator should know although the app works; shown by `/readyz`. */
export type Warning = "sid_missing";

export const warningTexts: Readonly<Record<Warning, string>> = {
  sid_missing:
    "A sign-in brought neither a sid claim nor session_state: a sign-out begun elsewhere cannot reach these sessions. " +
    "Add the optional claim sid to the ID tokens of the app registration.",
};

/** What lives as long as one request. */
export interface Invocation {
  /** Ends when the request has used up its time; everything that waits must observe it. */
  readonly signal: AbortSignal;
  readonly telemetry: Telemetry;
  /** Hands a sign-out over to the queue, for when the store cannot be reached. */
  finishLater(order: SignOutOrder): void;
}

export function createApp(configuration: Configuration): App {
  let store: Promise<AccountStore> | undefined;
  return {
    configuration,
    authority: authorityOf(configuration),
    renewals: renewals(),
    openedSeals: openedSeals(),
    warnings: new Set(),
    store: () => (store ??= connectStore(configuration.cosmosDb)),
  };
}

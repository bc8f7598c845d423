import type { App } from "../../../shared/app/app.ts";
import type { SigningOut } from "../../../shared/sign-out/defer.ts";
import { storeClock, type StoreClock, type TimeBounds } from "../../../shared/store/clock.ts";
import { latestNotBefore } from "../../../shared/account/latest-not-before.ts";
import { storedNotBefore } from "../../../shared/account/not-before.ts";
import { openedSeals } from "../../../shared/account/opened-seals.ts";
import { sharedWork } from "../../../shared/core/waiting.ts";
import type { Authority } from "../../../shared/identity/authority.ts";
import type { AuthorityMetadata } from "../../../shared/identity/metadata.ts";
import type { SignedIn } from "../../../shared/sign-in/sign-in.ts";
import type { SignOutOrder } from "../../../shared/sign-out/order.ts";
import type { Environment } from "../../../shared/configuration/settings-reader.ts";
import type { EventAttributes, EventName } from "../../../shared/telemetry/events.ts";
import { warningsSinceStart } from "../../../shared/telemetry/warnings.ts";
import { usualLanguages } from "../../../shared/texts/language.ts";
import { configuration, tenantId } from "./environment.ts";
import { memoryQueue, type MemoryQueue } from "./memory-queue.ts";
import { memoryStore, type MemoryStore } from "./memory-store.ts";

export interface TestApp extends App {
  readonly memory: MemoryStore;
  readonly signOutQueue: MemoryQueue;
  readonly directoryQueue: MemoryQueue;
}

export const metadata: AuthorityMetadata = {
  issuer: `https://idp.example/${tenantId}/v2.0`,
  authorizationEndpoint: `https://idp.example/${tenantId}/oauth2/v2.0/authorize`,
  tokenEndpoint: `https://idp.example/${tenantId}/oauth2/v2.0/token`,
  jwksUri: `https://idp.example/${tenantId}/discovery/v2.0/keys`,
  endSessionEndpoint: `https://idp.example/${tenantId}/oauth2/v2.0/logout`,
  backChannelLogout: false,
  formPost: true,
  text: "{}",
};

/** An authority that asks nobody; a test replaces the part that it is about. */
export function authority(parts: Partial<Authority> = {}): Authority {
  return {
    url: `https://idp.example/${tenantId}`,
    environment: "idp.example",
    metadata: { known: metadata, get: () => Promise.resolve(metadata) },
    keys: () => () => Promise.reject(new Error("No keys in this test")),
    client: () => Promise.reject(new Error("No client in this test")),
    clock: exactClock(),
    ...parts,
  };
}

export function testApp(settings: Environment = {}, parts: Partial<Authority> = {}): TestApp {
  const memory = memoryStore();
  const clock = exactClock();
  const given = configuration(settings);
  return {
    name: "Contoso Orders",
    languages: usualLanguages,
    keptClaims: [],
    contentPolicy: {},
    hooks: {},
    files: undefined,
    configuration: given,
    authority: authority(parts),
    renewals: sharedWork(),
    openedSeals: openedSeals(),
    notBefore: latestNotBefore(async (signal) => storedNotBefore(memory.notBefore, signal), clock),
    warnings: warningsSinceStart(),
    signInSeen: false,
    readiness: {
      store: () => Promise.resolve("ok"),
      credential: () => Promise.resolve("ok"),
      directoryIsSilent: () => Promise.resolve(false),
    },
    memory,
    store: () => Promise.resolve(memory),
    clock,
    timing: { lifetimes: given.session, clock },
    learnTime: () => Promise.resolve(),
    signOutQueue: memoryQueue(),
    directoryQueue: memoryQueue(),
  };
}

/** This machine's time, for a store that is in memory: it leaves nothing in doubt. */
export function exactClock(): StoreClock {
  return { ...storeClock(), bounds: machineTime, now: () => Date.now() };
}

function machineTime(): TimeBounds {
  return { earliest: Date.now(), latest: Date.now() };
}

export interface RecordedEvent {
  readonly level: "info" | "warn" | "error";
  readonly event: EventName;
  readonly attributes: EventAttributes;
}

export interface TestInvocation extends SigningOut {
  readonly events: readonly RecordedEvent[];
  /** Sign-outs that were handed to the queue. */
  readonly orders: readonly SignOutOrder[];
}

export function invocation(signal: AbortSignal = new AbortController().signal): TestInvocation {
  const events: RecordedEvent[] = [];
  const record =
    (level: RecordedEvent["level"]) =>
    (event: EventName, attributes: EventAttributes = {}) => {
      events.push({ level, event, attributes });
    };
  const orders: SignOutOrder[] = [];
  const defer = async (order: SignOutOrder) => void orders.push(order);
  return {
    signal,
    events,
    orders,
    defer,
    telemetry: { info: record("info"), warn: record("warn"), error: record("error") },
  };
}

/** What the identity provider said about a person who has just signed in. */
export function signedIn(person: string, sid?: string, tokenCache = "{}"): SignedIn {
  const claims = {
    homeAccountId: `${person}.${tenantId}`,
    name: person,
    username: `${person}@example.org`,
    tenantId,
    objectId: person,
    loginHint: null,
  };
  return { claims, subject: undefined, sid, tokenCache };
}

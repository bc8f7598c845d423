import { accountKeyOf, sessionKeyOf } from "../../shared/account/document.ts";
import { sidKeyOf, subjectKeyOf } from "../../shared/account/index-entry.ts";
import { homeAccountId } from "@entra-functions-bff/identity-provider/people";
import type { Person } from "@entra-functions-bff/identity-provider";
import type { Finisher } from "../support/finisher.ts";
import { createClient, type Client } from "../support/http-client.ts";
import { subjectOf } from "../support/logout-token.ts";
import { sessionCookie, type World } from "../support/world.ts";
import { now, type Entry, type Span } from "./history.ts";

/** A session as the harness came to know it. */
export interface KnownSession {
  readonly key: string;
  readonly account: string;
  /** Object id of its person. */
  readonly owner: string;
  readonly cookie: string;
  readonly sid: string;
}

/** What all browsers of a run share. */
export interface Stage {
  readonly world: World;
  readonly entries: Entry[];
  /** By session key. */
  readonly sessions: Map<string, KnownSession>;
  /** Sessions that no browser holds the cookie of any more. */
  readonly retired: KnownSession[];
  /** The account that each `sid` was given to. */
  readonly sids: Map<string, string>;
  /** Carries out what the app has left for later, at instances that nobody's requests go to. */
  readonly finisher: Finisher;
  /** What is being carried out. */
  readonly finishing: Promise<void>[];
  /** How many of `world.deferred` have been, or are being, carried out. */
  finishedOrders: number;
  accountOf(person: Person): string;
  /** Of somebody who has signed in. */
  subjectOf(person: Person): string;
  subjectKeyOf(subject: string): string;
  sidKeyOf(sid: string): string;
}

export function createStage(world: World, finisher: Finisher): Stage {
  const { instance, tenantId } = world.identityProvider;
  const { host } = new URL(instance);
  const subjects = new Map<string, string>();
  return {
    world,
    entries: [],
    sessions: new Map(),
    retired: [],
    sids: new Map(),
    finisher,
    finishing: [],
    finishedOrders: 0,
    subjectOf({ oid, preferredUsername }) {
      const subject = subjects.get(oid) ?? subjectOf(world, preferredUsername);
      subjects.set(oid, subject);
      return subject;
    },
    subjectKeyOf: (subject) => subjectKeyOf(`${instance}${tenantId}/v2.0`, subject),
    sidKeyOf: (sid) => sidKeyOf(instance + tenantId, sid),
    accountOf: (person) => accountKeyOf(host, homeAccountId(person)),
  };
}

/** A browser whose requests go to whichever instance the load balancer picks. */
export interface SoakBrowser {
  /** With the cookies of now. What it is given is the browser's after {@link keep}. */
  tab(instance: number): Client;
  keep(tab: Client): void;
  readonly cookie: string | undefined;
  forget(host: "app" | "others"): void;
}

const hosts = ["localhost", "127.0.0.1"] as const;

export function createBrowser(world: World): SoakBrowser {
  let jars = new Map<string, ReadonlyMap<string, string>>();
  return {
    tab(instance) {
      const tab = createClient(world.publicBaseUrl, instanceUrl(world, instance));
      for (const [host, jar] of jars) for (const [name, value] of jar) tab.setCookie(host, name, value);
      return tab;
    },
    keep(tab) {
      jars = new Map(hosts.map((host) => [host, new Map(tab.cookies(host))]));
    },
    get cookie() {
      return jars.get("localhost")?.get(sessionCookie);
    },
    forget(which) {
      jars.delete(which === "app" ? "localhost" : "127.0.0.1");
    },
  };
}

/** A client that holds nothing but the cookie of a session. */
export function holderOf(world: World, session: KnownSession, instance: number): Client {
  const holder = createClient(world.publicBaseUrl, instanceUrl(world, instance));
  holder.setCookie("localhost", sessionCookie, session.cookie);
  return holder;
}

/** How many instances the load balancer knows. */
export const served = 3;

function instanceUrl({ instances, publicBaseUrl }: World, instance: number): string {
  return instances[instance % served]?.url ?? publicBaseUrl;
}

/** The key of the session that a cookie opens. */
export function keyOfCookie(cookie: string): string {
  return sessionKeyOf(cookie.split(".")[1] ?? "");
}

/** What `act` comes to, and how long it took. */
export async function timed<T>(act: () => Promise<T>): Promise<{ result: T; span: Span }> {
  const from = now();
  const result = await act();
  return { result, span: { from, to: now() } };
}

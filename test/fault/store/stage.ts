import { randomUUID } from "node:crypto";
import { randomBase64Url } from "../../../shared/core/encoding.ts";
import { withSessions } from "../../../shared/account/change-account.ts";
import { type StoredSession, accountKeyOf, sessionKeyOf } from "../../../shared/account/document.ts";
import { personKeyOf, sidKeyOf } from "../../../shared/account/index-entry.ts";
import { seal, unseal } from "../../../shared/account/seal.ts";
import type { SessionSecrets } from "../../../shared/identity/session-secrets.ts";
import { homeAccountId, type Person } from "@entra-functions-bff/identity-provider/people";
import type { Client } from "../../support/http-client.ts";
import { accountDocument } from "../../support/store.ts";
import { sessionCookie, sessionOf, signIn, type World } from "../../support/world.ts";
import type { Finisher } from "../../support/finisher.ts";

/** What a seeded session's tokens are like: good, due for renewal, or due and refused by the token endpoint. */
export type Tokens = "fresh" | "stale" | "refused";

export interface SeedOptions {
  readonly tokens?: Tokens;
  /** Also a session of another browser. */
  readonly neighbour?: boolean;
  /** Minutes since the session was last used. */
  readonly idleMinutes?: number;
  /** The session of the identity provider that it was opened under; a new one unless given. */
  readonly sid?: string;
  /** Whether the index knows the `sid`; it does unless told otherwise. */
  readonly indexed?: boolean;
  /** Whose account it is; somebody's of whom nothing else is known unless given. */
  readonly homeAccountId?: string;
  /** The browser that gets the cookie; a new one unless given. */
  readonly client?: Client;
}

/** A signed-in browser and where its session is kept. */
export interface Seeded {
  readonly client: Client;
  readonly homeAccountId: string;
  readonly accountKey: string;
  readonly sessionKey: string;
  readonly session: StoredSession;
  readonly sid: string;
  readonly sidKey: string;
}

/** Somebody who has not signed in yet, and the id of the account document to come. */
export interface Newcomer {
  readonly username: string;
  readonly homeAccountId: string;
  readonly accountKey: string;
}

/** A world with hundreds of accounts: most are written into the store as a sign-in would have, which is quicker. */
export interface Stage {
  readonly world: World;
  /** Carries out what was left for later, where the world has a queue. */
  readonly finisher: Finisher | undefined;
  newcomer(): Newcomer;
  sidKey(sid: string): string;
  /** Id of the entry that is marked when an account itself is signed out. */
  personKey(whose: { readonly homeAccountId: string }): string;
  seed(options?: SeedOptions): Promise<Seeded>;
}

const hour = 3_600_000;

/** The session of another browser, which no test's browser can open. */
export const neighbourKey = sessionKeyOf("neighbour");
export const neighbourSession: StoredSession = {
  sid: null,
  createdAt: ago(hour),
  lastSeenAt: ago(0),
  expiresAt: ago(-hour),
  userAgent: "Safari on macOS",
  sealed: "sealed for another browser",
};

export async function openStage(world: World, people: readonly Person[], finisher?: Finisher): Promise<Stage> {
  const { identityProvider } = world;
  const { host } = new URL(identityProvider.instance);
  const authority = identityProvider.instance + identityProvider.tenantId;
  const [first, second, third, ...others] = people;
  if (!first || !second || !third) throw new Error("Too few people");
  const fresh = await secretsOf(world, first.preferredUsername, 3600);
  const stale = await secretsOf(world, second.preferredUsername, 60);
  const refused = await secretsOf(world, third.preferredUsername, 60);
  identityProvider.controls.revokeRefreshTokens(third);
  identityProvider.controls.accessTokenLifetimeSeconds = 3600;
  const secrets: Record<Tokens, SessionSecrets> = { fresh, stale, refused };
  const sidKey = (sid: string) => sidKeyOf(authority, sid);

  return {
    world,
    finisher,
    sidKey,
    personKey: ({ homeAccountId: id }) => personKeyOf(host, id),
    newcomer() {
      const person = others.pop();
      if (!person) throw new Error("Too few people");
      const id = homeAccountId(person);
      return { username: person.preferredUsername, homeAccountId: id, accountKey: accountKeyOf(host, id) };
    },
    async seed(options = {}) {
      const { tokens = "fresh", sid = randomUUID(), client = world.client() } = options;
      const homeAccount = options.homeAccountId ?? `${randomUUID()}.${randomUUID()}`;
      const accountKey = accountKeyOf(host, homeAccount);
      const secret = randomBase64Url();
      const sessionKey = sessionKeyOf(secret);
      const sealed = await seal(secrets[tokens], { accountKey, sessionKey, secret });
      const session = newSession(sealed, sidKey(sid), options.idleMinutes);
      client.setCookie("localhost", sessionCookie, `${accountKey}.${secret}`);
      const seeded = { client, homeAccountId: homeAccount, accountKey, sessionKey, session, sid, sidKey: sidKey(sid) };
      await store(world, seeded, options);
      return seeded;
    },
  };
}

function newSession(sealed: string, sid: string, idleMinutes = 0): StoredSession {
  const [createdAt, lastSeenAt, expiresAt] = [ago(hour), ago(idleMinutes * 60_000), ago(-hour)];
  const revalidatedAt = ago(0);
  return { sid, createdAt, lastSeenAt, revalidatedAt, expiresAt, userAgent: "Firefox on Linux", sealed };
}

async function store(
  world: World,
  { accountKey, sessionKey, session, sidKey }: Seeded,
  { neighbour = false, indexed = true }: SeedOptions,
): Promise<void> {
  const sessions = { [sessionKey]: session, ...(neighbour && { [neighbourKey]: neighbourSession }) };
  const document = withSessions(accountKey, sessions, { lifetimes: { idleTimeoutMinutes: 60 }, clock: Date });
  await world.accounts.items.create({ ...document, writeId: "seed" });
  if (!indexed) return;
  const entry = { id: sidKey, accountKey, sessionKey, signedOutAt: null, ttl: 3600, writeId: "seed" };
  await world.sids.items.create(entry);
}

function ago(milliseconds: number): string {
  return new Date(Date.now() - milliseconds).toISOString();
}

/** What a real sign-in has brought, for all the sessions that are seeded. */
async function secretsOf(world: World, username: string, lifetimeSeconds: number): Promise<SessionSecrets> {
  world.identityProvider.controls.accessTokenLifetimeSeconds = lifetimeSeconds;
  const client = world.client();
  await signIn(client, username, "/healthz");
  const { accountKey, secret } = sessionOf(client);
  const sessionKey = sessionKeyOf(secret);
  const sealed = (await accountDocument(world, accountKey))?.sessions[sessionKey]?.sealed ?? "";
  const secrets = await unseal(sealed, { accountKey, sessionKey, secret });
  if (!secrets) throw new Error("The seal does not open");
  return secrets;
}

import { randomUUID } from "node:crypto";
import { isRecord, randomBase64Url } from "../../../shared/encoding.ts";
import { withSessions } from "../../../shared/account/store.ts";
import type { StoredSession } from "../../../shared/account/document.ts";
import { accountKeyOf, sessionKeyOf, sidKeyOf } from "../../../shared/account/keys.ts";
import { seal, unseal, type SessionSecrets } from "../../../shared/account/seal.ts";
import { homeAccountId, type Person } from "../../../local/identity-provider/people.ts";
import type { Client } from "../../support/http-client.ts";
import { accountDocument } from "../../support/store.ts";
import { sessionCookie, sessionOf, signIn, type World } from "../../support/world.ts";

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
  /** The app instance that the browser talks to. */
  readonly instance?: number;
}

/** A signed-in browser and where its session is kept. */
export interface Seeded {
  readonly client: Client;
  readonly homeAccountId: string;
  readonly accountKey: string;
  readonly sessionKey: string;
  readonly sid: string;
  readonly sidKey: string;
}

/** A world with hundreds of accounts: most are written into the store as a sign-in would have, which is quicker. */
export interface Stage {
  readonly world: World;
  /** Somebody who has not signed in yet, and the id of the account document to come. */
  newPerson(): { readonly person: Person; readonly accountKey: string };
  sidKey(sid: string): string;
  seed(options?: SeedOptions): Promise<Seeded>;
}

const hour = 3_600_000;
export const neighbourKey = sessionKeyOf("neighbour");

export async function openStage(world: World, people: readonly Person[]): Promise<Stage> {
  const { identityProvider } = world;
  const { host } = new URL(identityProvider.instance);
  const authority = identityProvider.instance + identityProvider.tenantId;
  const [first, second, ...others] = people;
  if (!first || !second) throw new Error("Too few people");
  const fresh = await signedIn(world, first.preferredUsername, 3600);
  const stale = await signedIn(world, second.preferredUsername, 60);
  identityProvider.controls.accessTokenLifetimeSeconds = 3600;
  const secrets: Record<Tokens, SessionSecrets> = { fresh, stale, refused: withUselessRefreshToken(stale) };
  const sidKey = (sid: string) => sidKeyOf(authority, sid);

  return {
    world,
    sidKey,
    newPerson() {
      const person = others.pop();
      if (!person) throw new Error("Too few people");
      return { person, accountKey: accountKeyOf(host, homeAccountId(person)) };
    },
    async seed(options = {}) {
      const { tokens = "fresh", neighbour = false, idleMinutes = 0, instance = 0 } = options;
      const { sid = randomUUID() } = options;
      const homeAccount = `${randomUUID()}.${randomUUID()}`;
      const accountKey = accountKeyOf(host, homeAccount);
      const secret = randomBase64Url();
      const sessionKey = sessionKeyOf(secret);
      const session: StoredSession = {
        sid: sidKey(sid),
        createdAt: ago(hour),
        lastSeenAt: ago(idleMinutes * 60_000),
        expiresAt: ago(-hour),
        userAgent: "Firefox on Linux",
        sealed: await seal(secrets[tokens], { accountKey, sessionKey, secret }),
      };
      const sessions = { [sessionKey]: session, ...(neighbour && { [neighbourKey]: { ...session, sid: null } }) };
      const document = withSessions(accountKey, sessions, { idleTimeoutMinutes: 60 });
      const writeId = "seed";
      await world.accounts.items.create({ ...document, writeId });
      const entry = { id: sidKey(sid), accountKey, sessionKey, signedOutAt: null, ttl: 3600, writeId };
      await world.sids.items.create(entry);
      const client = world.client(instance);
      client.setCookie("localhost", sessionCookie, `${accountKey}.${secret}`);
      return { client, homeAccountId: homeAccount, accountKey, sessionKey, sid, sidKey: sidKey(sid) };
    },
  };
}

function ago(milliseconds: number): string {
  return new Date(Date.now() - milliseconds).toISOString();
}

/** What a real sign-in has brought, for all the sessions that are seeded. */
async function signedIn(world: World, username: string, lifetimeSeconds: number): Promise<SessionSecrets> {
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

function withUselessRefreshToken({ claims, tokenCache }: SessionSecrets): SessionSecrets {
  const cache = JSON.parse(tokenCache) as Record<string, unknown>;
  const section = cache["RefreshToken"];
  if (!isRecord(section)) throw new Error("There is no refresh token");
  const entries = Object.entries(section).map(([key, entry]) => [key, { ...(entry as object), secret: "revoked" }]);
  return { claims, tokenCache: JSON.stringify({ ...cache, RefreshToken: Object.fromEntries(entries) as unknown }) };
}

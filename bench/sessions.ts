import { randomUUID } from "node:crypto";
import { type AccountDocument, type StoredSession, accountKeyOf, sessionKeyOf } from "../shared/account/document.ts";
import { sidKeyOf } from "../shared/account/index-entry.ts";
import { seal, unseal } from "../shared/account/seal.ts";
import { withSessions } from "../shared/account/change-account.ts";
import { newSessionCookie, parseSessionCookie, formatSessionCookie } from "../shared/session/cookie.ts";
import { createClient, type Client } from "../test/support/http-client.ts";
import type { LoadRequest } from "./parts/load.ts";
import { people, type Stage } from "./stage.ts";

const sessionCookieName = "__Host-session";
const idleTimeoutMinutes = 60;

/** A signed-in browser: what it sends, and what the store has for it. */
export interface SignedIn {
  readonly cookie: string;
  readonly accountKey: string;
  readonly sid: string;
}

/** Signs people in through the identity provider, each in their own browser. */
export async function signInAll(
  baseUrl: string,
  loginPath: (username: string) => string,
  count = people,
): Promise<readonly Client[]> {
  const clients: Client[] = [];
  for (let index = 0; index < count; index++) {
    const client = createClient(baseUrl);
    const toProvider = await client.fetch(loginPath(`person${index}@contoso.example`));
    const location = new URL(toProvider.headers.location ?? "", baseUrl);
    location.protocol = "http:";
    location.searchParams.set("login_hint", `person${index}@contoso.example`);
    const answer = await client.navigate(location.href);
    if (answer.status !== 200) throw new Error(`Sign-in at ${baseUrl} ended with ${answer.status}:\n${answer.body}`);
    clients.push(client);
  }
  return clients;
}

export const appLoginPath = (username: string) =>
  `/auth/login?${new URLSearchParams({ loginHint: username, returnUrl: "/healthz" }).toString()}`;

/** The `Cookie` header that a browser sends to the server. */
export function cookieHeader(client: Client): string {
  return [...client.cookies("localhost")].map(([name, value]) => `${name}=${value}`).join("; ");
}

export function apiCalls(cookies: readonly string[]): LoadRequest[] {
  return cookies.map((cookie) => ({ path: "/api/graph/me", headers: { cookie } }));
}

/** The account key in a browser's session cookie. */
export function accountKeyIn(client: Client): string {
  const value = client.cookies("localhost").get(sessionCookieName);
  const cookie = parseSessionCookie(value);
  if (!cookie) throw new Error("No session cookie");
  return cookie.accountKey;
}

/**
 * Writes sessions of `count` more accounts into the store, as their sign-ins would have done: copies of one real
 * session with other accounts, secrets and `sid`s, each encrypted for its own cookie.
 */
export async function seedSessions(stage: Stage, template: Client, count: number): Promise<SignedIn[]> {
  const copy = await copier(stage, template);
  const database = stage.store.database("auth");
  const [accounts, sids] = [database.container("accounts"), database.container("sids")];
  const options = { disableAutomaticIdGeneration: true };
  const seeded: SignedIn[] = [];
  const worker = async () => {
    while (seeded.length < count) {
      const { signedIn, document, entry } = await copy();
      seeded.push(signedIn);
      await accounts.items.create(document, options);
      await sids.items.create(entry, options);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return seeded;
}

async function copier({ store, environment }: Stage, template: Client) {
  const cookie = parseSessionCookie(template.cookies("localhost").get(sessionCookieName));
  if (!cookie) throw new Error("No session cookie");
  const { accountKey, secret } = cookie;
  const sessionKey = sessionKeyOf(secret);
  const { resource } = await store
    .database("auth")
    .container("accounts")
    .item(accountKey, accountKey)
    .read<AccountDocument>();
  const session = resource?.sessions[sessionKey];
  const secrets = session && (await unseal(session.sealed, { accountKey, sessionKey, secret }));
  if (!session || !secrets) throw new Error("The template's session cannot be opened");
  const authority = `${environment["AzureAd__Instance"]}${environment["AzureAd__TenantId"]}`;
  const { homeAccountId, tenantId } = secrets.claims;

  return async () => {
    const copied = `${randomUUID()}.${tenantId}`;
    const key = accountKeyOf(new URL(authority).host, copied);
    const own = newSessionCookie(key);
    const ownKey = sessionKeyOf(own.secret);
    const claims = { ...secrets.claims, homeAccountId: copied };
    const tokenCache = secrets.tokenCache.replaceAll(homeAccountId, copied);
    const sealed = await seal({ claims, tokenCache }, { accountKey: key, sessionKey: ownKey, secret: own.secret });
    const sid = randomUUID();
    const stored: StoredSession = { ...session, sid: sidKeyOf(authority, sid), sealed };
    const writeId = "seeded";
    return {
      signedIn: { cookie: `${sessionCookieName}=${formatSessionCookie(own)}`, accountKey: key, sid },
      document: {
        ...withSessions(key, { [ownKey]: stored }, { lifetimes: { idleTimeoutMinutes }, clock: Date }),
        writeId,
      },
      entry: { id: stored.sid ?? "", accountKey: key, sessionKey: ownKey, signedOutAt: null, ttl: 43_200, writeId },
    };
  };
}

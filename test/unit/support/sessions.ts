import { setTimeout } from "node:timers/promises";
import type { App } from "../../../shared/app/app.ts";
import { sessionKeyOf } from "../../../shared/account/document.ts";
import { openSession } from "../../../shared/sign-in/open-session.ts";
import { resolveSession, type ResolvedSession } from "../../../shared/session/resolve.ts";
import type { SessionCookie } from "../../../shared/session/cookie.ts";
import { invocation, signedIn, type TestApp } from "./app.ts";

export interface OpenedSession extends SessionCookie {
  readonly sessionKey: string;
}

/** A person signs in with a browser whose session at the identity provider is `sid`. */
export async function signIn(
  app: App,
  person: string,
  {
    sid,
    previous,
    tokenCache,
    startedAt,
  }: { sid?: string; previous?: SessionCookie; tokenCache?: string; startedAt?: number } = {},
): Promise<OpenedSession> {
  startedAt ??= await aMomentLater();
  const opened = { signedIn: signedIn(person, sid, tokenCache), userAgent: "Firefox on Linux", startedAt, previous };
  const cookie = await openSession(app, opened, invocation());
  return { ...cookie, sessionKey: sessionKeyOf(cookie.secret) };
}

/** For a sign-in that was already under way when the test began. */
export const aMinuteAgo = (): number => Date.now() - 60_000;

/**
 * Lets the clock move on: what began before this and what begins after it are not of the same millisecond. In the same one, a sign-in
 * counts as begun before the sign-out, so that a fast machine would have it refused.
 * @returns the time, in milliseconds since the epoch
 */
export async function aMomentLater(): Promise<number> {
  await setTimeout(3);
  return Date.now();
}

/** What a request with this cookie finds. */
export function visit(app: App, cookie: SessionCookie): Promise<ResolvedSession | undefined> {
  return resolveSession(app, cookie, invocation());
}

export async function isSignedIn(app: App, cookie: SessionCookie): Promise<boolean> {
  return (await visit(app, cookie)) !== undefined;
}

/** The keys of the sessions that an account has in the store; undefined if there is no document. */
export function storedKeys({ memory }: TestApp, { accountKey }: SessionCookie): string[] | undefined {
  const document = memory.accounts.documents.get(accountKey);
  return document && Object.keys(document.sessions).sort();
}

import { sessionKeyOf, successorOf, type AccountDocument } from "../account/document.ts";
import { successorElsewhere } from "../account/succession.ts";
import type { Successor } from "../account/index-entry.ts";
import type { App, Invocation } from "../app/app.ts";
import type { SessionCookie } from "./cookie.ts";

/** Longer than any answer can be under way. */
const lateAnswerMs = 60_000;

/**
 * The new session, if the browser that sent `cookie` has just signed in again, to the same account or another.
 * @param account the document that the cookie names, as just read
 */
export async function successorOfCookie(
  app: Pick<App, "store" | "timing">,
  { accountKey, secret }: SessionCookie,
  account: AccountDocument | undefined,
  { signal }: Invocation,
): Promise<Successor | undefined> {
  const replaced = sessionKeyOf(secret);
  const [sessionKey, session] = (account && successorOf(account, replaced)) ?? [];
  const successor =
    sessionKey && session
      ? { accountKey, sessionKey, since: session.createdAt }
      : await successorElsewhere((await app.store()).sids, replaced, signal);
  const isRecent = successor && app.timing.clock.now() - Date.parse(successor.since) <= lateAnswerMs;
  return isRecent ? successor : undefined;
}

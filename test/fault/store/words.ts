import { isDeepStrictEqual } from "node:util";
import type { AccountDocument, StoredSession } from "../../../shared/account/document.ts";
import type { StoredEntry } from "../../../shared/account/stored-entry.ts";
import { codeOf } from "../../support/assertions.ts";
import type { Answer } from "../../support/http-client.ts";
import { accountDocument } from "../../support/store.ts";
import { sessionCookie, type World } from "../../support/world.ts";
import { neighbourKey, neighbourSession } from "./stage.ts";

/** Sessions that can be told apart, by their keys. */
export interface Known {
  /** As it was before. */
  readonly own?: { readonly sessionKey: string; readonly session: StoredSession };
  /** Opened by the sign-in under test. */
  readonly newKey?: string | undefined;
}

/** What an account's document holds, in words. */
export async function accountInWords(world: World, accountKey: string, known: Known): Promise<string> {
  const document = await accountDocument(world, accountKey);
  return document ? sessionsInWords(document, known) : "no account";
}

function sessionsInWords({ sessions }: AccountDocument, { own, newKey }: Known): string {
  const words = Object.entries(sessions).map(([key, session]) => {
    if (key === own?.sessionKey) return ownInWords(own.session, session);
    if (key === newKey) return "the new session";
    if (key === neighbourKey && isDeepStrictEqual(session, neighbourSession)) return "another browser's session";
    return "a session that nobody can open";
  });
  return words.toSorted().join(", ");
}

function ownInWords(before: StoredSession, now: StoredSession): string {
  if (isDeepStrictEqual(before, now)) return "the session";
  if (!isDeepStrictEqual(lastingPart(before), lastingPart(now))) return "a session that was tampered with";
  return now.sealed === before.sealed ? "the session, extended" : "the session with new tokens";
}

/** What neither a use of the session nor a renewal of its tokens changes. */
function lastingPart(session: StoredSession): Partial<StoredSession> {
  const changing: readonly string[] = ["sealed", "lastSeenAt", "revalidatedAt"] satisfies (keyof StoredSession)[];
  return Object.fromEntries(Object.entries(session).filter(([member]) => !changing.includes(member)));
}

/** Where the index leads from a `sid`, in words. */
export async function sidInWords({ sids }: World, id: string, accountKey: string): Promise<string> {
  const { resource } = await sids.item(id, id).read<StoredEntry>();
  if (!resource) return "sid unknown";
  if (resource.signedOutAt !== null) return "sid signed out";
  return resource.accountKey === accountKey ? "sid leads to it" : "sid leads to the other account";
}

/** What the caller gets, in words. */
export function answerInWords(answer: Answer): string {
  const code = answer.status < 400 ? "" : ` \`${codeOf(answer)}\``;
  return `${answer.status}${code}${cookieInWords(answer)}`;
}

function cookieInWords({ headers }: Answer): string {
  const cookie = headers["set-cookie"]?.find((each) => each.startsWith(`${sessionCookie}=`));
  if (cookie === undefined) return "";
  return /max-age=0/i.test(cookie) ? ", cookie cleared" : ", new cookie";
}

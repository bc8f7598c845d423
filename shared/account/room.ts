import { ConditionError } from "../core/errors.ts";
import type { AccountDocument, StoredSession } from "./document.ts";

/**
 * Bytes of an account's sessions as JSON in UTF-8. Azure Cosmos DB takes documents of up to 2 MB (2,097,152 bytes); what it
 * adds itself, and the document's other members, are a few hundred.
 */
export const maxSessionsBytes = 1_900_000;

/** The same while a sign-in is under way, which ends nothing before it is complete unless the store would take no more. */
export const maxBytesUnderWay = 2_050_000;

/**
 * The sessions that fit into one document: the oldest make room.
 * @param spared key of the one that stays in any case
 * @param last key of the one that goes last, if there is such a one
 * @throws {ConditionError} `session_too_large` when `spared` does not fit alone
 */
export function fitting(
  sessions: AccountDocument["sessions"],
  spared: string,
  { maxBytes = maxSessionsBytes, last }: { maxBytes?: number; last?: string | undefined } = {},
): AccountDocument["sessions"] {
  const entries = Object.entries(sessions);
  const sizes = new Map(entries.map(([key, session]) => [key, sizeOf(key, session)]));
  let total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (total <= maxBytes) return sessions;
  if ((sizes.get(spared) ?? 0) > maxSessionsBytes) throw tooLarge();
  const gone = new Set<string>();
  const oldestFirst = entries.toSorted(byAge).map(([key]) => key);
  const isLast = (key: string) => Number(key === last);
  for (const key of oldestFirst.toSorted((a, b) => isLast(a) - isLast(b))) {
    if (total <= maxBytes) break;
    if (key === spared) continue;
    gone.add(key);
    total -= sizes.get(key) ?? 0;
  }
  return Object.fromEntries(entries.filter(([key]) => !gone.has(key)));
}

type Entry = readonly [key: string, session: StoredSession];

function byAge([, a]: Entry, [, b]: Entry): number {
  return Date.parse(a.createdAt) - Date.parse(b.createdAt);
}

/** With the colon and the comma. */
function sizeOf(key: string, session: StoredSession): number {
  return Buffer.byteLength(JSON.stringify({ [key]: session })) - 1;
}

function tooLarge(): ConditionError {
  const detail = "What the identity provider has issued for your account is larger than the account store can hold.";
  return new ConditionError("session_too_large", detail);
}

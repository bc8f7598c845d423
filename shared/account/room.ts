import { ConditionError } from "../errors.ts";
import type { AccountDocument, StoredSession } from "./document.ts";

/**
 * Bytes of an account's sessions as JSON in UTF-8. Azure Cosmos DB takes documents of up to 2 MB (2,097,152 bytes); what it
 * adds itself, and the document's other members, are a few hundred.
 */
export const maxSessionsBytes = 1_900_000;

/**
 * The sessions that fit into one document: the oldest make room.
 * @param spared key of the one that stays in any case
 * @throws {ConditionError} `session_too_large` when that one does not fit alone
 */
export function fitting(
  sessions: AccountDocument["sessions"],
  spared: string,
  maxBytes = maxSessionsBytes,
): AccountDocument["sessions"] {
  const entries = Object.entries(sessions);
  const sizes = new Map(entries.map(([key, session]) => [key, sizeOf(key, session)]));
  let total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (total <= maxBytes) return sessions;
  if ((sizes.get(spared) ?? 0) > maxBytes) throw tooLarge();
  const gone = new Set<string>();
  for (const [key] of entries.toSorted(oldestFirst)) {
    if (total <= maxBytes) break;
    if (key === spared) continue;
    gone.add(key);
    total -= sizes.get(key) ?? 0;
  }
  return Object.fromEntries(entries.filter(([key]) => !gone.has(key)));
}

type Entry = readonly [key: string, session: StoredSession];

function oldestFirst([, a]: Entry, [, b]: Entry): number {
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

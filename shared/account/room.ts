import { ConditionError } from "../core/errors.ts";

/**
 * Bytes of an account's sessions as JSON in UTF-8. Azure Cosmos DB takes documents of up to 2 MB (2,097,152 bytes); what it
 * adds itself, and the document's other members, are a few hundred.
 */
export const maxSessionsBytes = 1_900_000;

/** The same while a sign-in is under way: until it is complete, it ends other sessions only if the store would refuse the document. */
export const maxBytesUnderWay = 2_050_000;

/**
 * The sessions that fit into one document; the oldest are dropped.
 * @param spared key of the session that always stays
 * @param last key of a session that is dropped only when no other is left
 * @throws {ConditionError} `session_too_large` when `spared` does not fit alone
 */
export function fitting<Session extends Dated>(
  sessions: Readonly<Record<string, Session>>,
  spared: string,
  { maxBytes = maxSessionsBytes, last }: { maxBytes?: number; last?: string | undefined } = {},
): Readonly<Record<string, Session>> {
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

/** A session, as far as this matters here. */
interface Dated {
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

type Entry = readonly [key: string, session: Dated];

function byAge([, a]: Entry, [, b]: Entry): number {
  return Date.parse(a.createdAt) - Date.parse(b.createdAt);
}

/** Bytes of one session with its key, the colon and the comma. */
function sizeOf(key: string, session: Dated): number {
  return Buffer.byteLength(JSON.stringify({ [key]: session })) - 1;
}

function tooLarge(): ConditionError {
  const detail = "What the identity provider has issued for your account is larger than the account store can hold.";
  return new ConditionError("session_too_large", detail);
}

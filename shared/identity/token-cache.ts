import { isRecord } from "../encoding.ts";

/**
 * Joins two serialized MSAL caches of one account, for two requests that each renewed something at the same time.
 * The cache is an object of sections, each an object of entries by key; of entries with the same key `ours` counts.
 */
export function mergeTokenCaches(theirs: string, ours: string): string {
  const [base, changes] = [parse(theirs), parse(ours)];
  const merged: Record<string, unknown> = { ...base };
  for (const [section, entries] of Object.entries(changes)) {
    const known = merged[section];
    merged[section] = isRecord(known) && isRecord(entries) ? { ...known, ...entries } : entries;
  }
  return JSON.stringify(merged);
}

function parse(cache: string): Record<string, unknown> {
  const parsed: unknown = JSON.parse(cache);
  return isRecord(parsed) ? parsed : {};
}

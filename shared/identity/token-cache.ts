import { isRecord } from "../core/encoding.ts";

type Entries = Readonly<Record<string, unknown>>;

/**
 * Joins two serialized MSAL caches of one account, for two requests that each renewed something at the same time. The
 * cache is an object of sections, each an object of entries by key. What `ours` changed or removed since `base` counts;
 * everything else stays as `theirs` has it, so that neither request's tokens are lost.
 */
export function mergeTokenCaches(base: string, theirs: string, ours: string): string {
  const [before, stored, changed] = [parse(base), parse(theirs), parse(ours)];
  const sections = new Set([...Object.keys(stored), ...Object.keys(changed)]);
  const merged = [...sections].map((section) => {
    const entries = mergeSection(entriesOf(before, section), entriesOf(stored, section), entriesOf(changed, section));
    return [section, entries] as const;
  });
  return JSON.stringify(Object.fromEntries(merged));
}

/** A serialized MSAL cache whose access tokens serve until they expire: none is due for renewal ahead of that. */
export function withoutEarlyRenewal(cache: string): string {
  const parsed = parse(cache);
  const tokens = Object.entries(entriesOf(parsed, "AccessToken")).map(([key, token]) => {
    return [key, isRecord(token) ? { ...token, refresh_on: undefined } : token] as const;
  });
  return JSON.stringify({ ...parsed, AccessToken: Object.fromEntries(tokens) });
}

/** A serialized MSAL cache without entries of other accounts. */
export function ofAccountAlone(cache: string, homeAccountId: string): string {
  const parsed = parse(cache);
  const isOther = (entry: unknown) =>
    isRecord(entry) && typeof entry["home_account_id"] === "string" && entry["home_account_id"] !== homeAccountId;
  const sections = Object.entries(parsed).map(([name, section]) => [name, entriesOf(parsed, name), section] as const);
  if (!sections.some(([, entries]) => Object.values(entries).some(isOther))) return cache;
  const kept = sections.map(([name, entries, section]) => {
    const own = Object.entries(entries).filter(([, entry]) => !isOther(entry));
    return [name, isRecord(section) ? Object.fromEntries(own) : section] as const;
  });
  return JSON.stringify(Object.fromEntries(kept));
}

/**
 * A serialized MSAL cache with the times of its access tokens moved. MSAL writes and reads them by the instance's own clock. In
 * the store, they are by the store's clock, so that no instance takes an expired token for a valid one.
 * @param bySeconds whole seconds
 */
export function movedInTime(cache: string, bySeconds: number): string {
  if (bySeconds === 0) return cache;
  const parsed = parse(cache);
  const move = (value: unknown) =>
    typeof value === "string" && /^\d+$/.test(value) ? String(Number(value) + bySeconds) : value;
  const tokens = Object.entries(entriesOf(parsed, "AccessToken")).map(([key, token]) => {
    if (!isRecord(token)) return [key, token] as const;
    const times = timesOfToken.filter((name) => name in token).map((name) => [name, move(token[name])] as const);
    return [key, { ...token, ...Object.fromEntries(times) }] as const;
  });
  return JSON.stringify({ ...parsed, AccessToken: Object.fromEntries(tokens) });
}

/** Seconds since the epoch, as text. */
const timesOfToken = ["cached_at", "expires_on", "extended_expires_on", "refresh_on"];

function mergeSection(base: Entries, theirs: Entries, ours: Entries): Entries {
  const isChanged = (key: string) => JSON.stringify(ours[key]) !== JSON.stringify(base[key]);
  const kept = Object.entries(theirs).filter(([key]) => key in ours || !isChanged(key));
  const changes = Object.entries(ours).filter(([key]) => isChanged(key));
  return { ...Object.fromEntries(kept), ...Object.fromEntries(changes) };
}

function entriesOf(cache: Entries, section: string): Entries {
  const entries = cache[section];
  return isRecord(entries) ? entries : {};
}

function parse(cache: string): Entries {
  const parsed: unknown = JSON.parse(cache);
  return isRecord(parsed) ? parsed : {};
}

import { asciiLowerCase, sha256Base64Url } from "../core/encoding.ts";
import type { Unwritten } from "../store/point-operations.ts";
import { isOfTenant } from "./document.ts";
import type { Mark } from "./signed-out-since.ts";
import type { StoredEntry } from "./stored-entry.ts";

/** An entry of the index, which is the container `sids`. */
export type IndexEntry = SidEntry | LogoutTokenEntry | SuccessionNote;

interface Entry {
  readonly id: string;
  /** Seconds for which the store keeps it after the last write. */
  readonly ttl: number;
}

/** The entry of a `sid`, of a subject, or of a person. A sign-in claims it, a sign-out at the identity provider marks it, in any order. */
export interface SidEntry extends Entry {
  readonly kind: "sid or subject";
  /** Null if nobody has signed in under it so far. */
  readonly claim: Claim | null;
  /** The last sign-out. It stays when the entry is claimed again: sign-ins that began before it are refused all the same. */
  readonly mark: Mark | null;
  /** Hashes of the `jti` of the last logout tokens: none may be used twice. */
  readonly jtis?: readonly string[] | undefined;
  /** Whether this version cannot read what is stored: the entry is the best guess. The next write replaces it. */
  readonly unreadable?: true | undefined;
}

/** The account that a `sid`, a subject or a guest leads to. */
export interface Claim {
  readonly accountKey: string;
  /** Null for a subject and for a guest, who may have several sessions. */
  readonly sessionKey: string | null;
}

/** A logout token that was used, where the entry of its `sid` or subject has no room for its `jti`. */
export interface LogoutTokenEntry extends Entry {
  readonly kind: "logout token";
  /** The mark that the token has made. */
  readonly mark: Mark | null;
}

/** The note that a session of another account has succeeded a session. */
export interface SuccessionNote extends Entry {
  readonly kind: "succession";
  /** Null if this version cannot read it. */
  readonly successor: Successor | null;
}

export interface Successor {
  readonly accountKey: string;
  readonly sessionKey: string;
  /** When it took the place of the earlier session, by the store's clock: ISO 8601, UTC. */
  readonly since: string;
}

export type EntryKind = IndexEntry["kind"];
export type EntryOf<K extends EntryKind> = Extract<IndexEntry, { kind: K }>;

/**
 * The entry in a stored document. The kind is not stored, and the stored members alone do not tell it: a succession note has
 * the same ones as a `sid` that was claimed and then signed out. The id tells it, because each kind hashes other words to its
 * ids. Only the caller knows what it has hashed, so the caller names the kind.
 */
export function entryOf<K extends EntryKind>(kind: K, stored: StoredEntry): EntryOf<K> {
  return readers[kind](stored);
}

const readers: { readonly [K in EntryKind]: (stored: StoredEntry) => EntryOf<K> } = {
  "sid or subject": (stored) => {
    const { id, ttl, accountKey, sessionKey, jtis, unreadable } = stored;
    const claim = accountKey === null ? null : { accountKey, sessionKey };
    return { kind: "sid or subject", id, ttl, claim, mark: markIn(stored), jtis, unreadable };
  },
  "logout token": (stored) => ({ kind: "logout token", id: stored.id, ttl: stored.ttl, mark: markIn(stored) }),
  succession: ({ id, ttl, accountKey, sessionKey, signedOutAt: since }) => {
    const isWhole = accountKey !== null && sessionKey !== null && since !== null;
    return { kind: "succession", id, ttl, successor: isWhole ? { accountKey, sessionKey, since } : null };
  },
};

function markIn({ signedOutAt, signedOutTick }: StoredEntry): Mark | null {
  return signedOutAt === null ? null : { signedOutAt, ...(signedOutTick && { signedOutTick }) };
}

/** The document in which an entry is stored: the same members for every kind. */
export function storedOf(entry: IndexEntry): Unwritten<StoredEntry> {
  const { id, ttl } = entry;
  switch (entry.kind) {
    case "sid or subject":
      return { id, ttl, ...(entry.claim ?? nobody), ...timesOf(entry.mark), ...(entry.jtis && { jtis: entry.jtis }) };
    case "logout token":
      return { id, ttl, ...nobody, ...timesOf(entry.mark) };
    case "succession": {
      const { accountKey = null, sessionKey = null, since = null } = entry.successor ?? {};
      return { id, ttl, accountKey, sessionKey, signedOutAt: since };
    }
  }
}

const nobody = { accountKey: null, sessionKey: null };

function timesOf(mark: Mark | null): Pick<StoredEntry, "signedOutAt" | "signedOutTick"> {
  return { signedOutAt: mark?.signedOutAt ?? null, ...(mark?.signedOutTick && { signedOutTick: mark.signedOutTick }) };
}

/**
 * Id of the entry of an OpenID Connect session id.
 * @param authority the configured authority. It is not the `iss` of one token: a front-channel sign-out may come without it,
 *   and under a multi-tenant authority `sid` alone does not tell the tenant
 */
export function sidKeyOf(authority: string, sid: string): string {
  return sha256Base64Url(authority, "sid", sid);
}

/**
 * Id of the entry of a person, as an administrator or the directory names one. It is marked when the account itself is signed out. Only
 * that of a guest, who has another id at home, also leads to the account.
 * @param environment host of the authority
 * @param id `<object id>.<tenant id>`; MSAL's `homeAccountId`, which is the same for a member
 */
export function personKeyOf(environment: string, id: string): string {
  return sha256Base64Url(asciiLowerCase(environment), "person", isOfTenant(id) ? asciiLowerCase(id) : id);
}

/** Id of the entry of a subject, which is unique within its issuer (OpenID Connect Core 1.0 section 2). */
export function subjectKeyOf(issuer: string, subject: string): string {
  return sha256Base64Url(issuer, "sub", subject);
}

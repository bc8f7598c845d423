/** Milliseconds since the epoch: when something was begun, and when its outcome was known. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A sign-in that reached the app's callback. `session` is undefined when the app did not answer with a cookie. */
export interface SignInEntry extends Span {
  readonly kind: "sign_in";
  readonly account: string;
  /** Key of the new session, as the store knows it. */
  readonly session: string | undefined;
  readonly sid: string;
  /** When the app had sent the browser to the identity provider: from then on a sign-out of the `sid` concerns it. */
  readonly begunBy: number;
  /** Key of the session whose cookie the browser sent along. */
  readonly replaces: string | undefined;
  readonly status: number;
}

/** A request with a session's cookie. */
export interface CallEntry extends Span {
  readonly kind: "call";
  readonly account: string;
  readonly session: string;
  readonly status: number;
  /** Of the problem, when the answer is one of the app's own. */
  readonly code: string | undefined;
  /** Object id of the session's person, and of the person whose data were answered. */
  readonly owner: string;
  readonly answered: string | undefined;
  /** Whether refresh tokens worked once in that time: what a renewal brings then is lost if the answer or the write is. */
  readonly rotating: boolean;
}

export type SignOutOrigin =
  | "app"
  | "app_everywhere"
  | "front_channel"
  | "back_channel"
  | "back_channel_subject"
  | "list_one"
  | "list_all"
  | "administrator";

export interface SignOutEntry extends Span {
  readonly kind: "sign_out";
  readonly origin: SignOutOrigin;
  readonly account: string;
  /** The session and the `sid` that are named; both undefined for the whole account. */
  readonly session: string | undefined;
  readonly sid: string | undefined;
  /** Whether the app said that it is done. Without that it may still happen, at any time. */
  readonly acknowledged: boolean;
  readonly status: number;
}

/** A sign-out that the app had left for later, carried out some time afterwards. */
export interface FinishEntry extends Span {
  readonly kind: "finish";
  readonly account: string;
  /** What its order says: see `SignOutOrder`. */
  readonly reach: "named" | "scope" | "everywhere" | "account";
  readonly session: string | undefined;
  readonly sid: string | undefined;
  /** What began later is spared. */
  readonly requestedAt: number;
  /** Without that it was put aside, but may have been done in part. */
  readonly acknowledged: boolean;
}

/** The harness ended a session's lifetime in the stored document. */
export interface ExpiryEntry extends Span {
  readonly kind: "expiry";
  readonly account: string;
  readonly session: string;
  readonly acknowledged: boolean;
}

/** The identity provider refuses the refresh tokens issued so far. */
export interface RevocationEntry extends Span {
  readonly kind: "revocation";
  readonly account: string;
}

export type Entry = SignInEntry | CallEntry | SignOutEntry | FinishEntry | ExpiryEntry | RevocationEntry;

/** What was done and what came of it. */
export interface History {
  /** What the app was configured with. */
  readonly scope: "account" | "session";
  readonly maxPerAccount: number;
  readonly entries: readonly Entry[];
}

/** The sessions of each account that are in the store at the end, with the time of their sign-in. */
export type StoredSessions = ReadonlyMap<string, ReadonlyMap<string, { readonly createdAt: number }>>;

/** Clock with fractions of a millisecond, comparable with that of the other processes. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

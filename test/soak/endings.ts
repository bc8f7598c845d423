import { maxDoubtMs } from "../../shared/store/clock.ts";
import type {
  CallEntry,
  Entry,
  ExpiryEntry,
  FinishEntry,
  History,
  RevocationEntry,
  SignInEntry,
  SignOutEntry,
} from "./history.ts";

/** Why and when a session ended, or may have. */
export interface Ending {
  readonly at: number;
  readonly cause: Entry;
}

/** What a history says about the end of each of its sessions. */
export interface Endings {
  /** The earliest moment at which the session must be gone. `stored` leaves out what ends a session in place. */
  certain(signIn: SignInEntry, options?: { stored: boolean }): Ending | undefined;
  /** The earliest moment at which the session may be gone. */
  possible(signIn: SignInEntry): Ending | undefined;
}

interface Account {
  readonly signIns: SignInEntry[];
  readonly signOuts: SignOutEntry[];
  readonly expiries: ExpiryEntry[];
  readonly revocations: RevocationEntry[];
  readonly finishes: FinishEntry[];
  /** Calls that may have used a refresh token up without keeping what came for it. */
  readonly losses: CallEntry[];
  /** Sign-outs with a cookie of another account, in browsers that have changed to this one. */
  readonly strays: (SignOutEntry | FinishEntry)[];
}

/** Reasons backwards in time: what a sign-out did depends on what had happened before it, and so on. */
export function endingsOf({ entries, scope, maxPerAccount }: History): Endings {
  const accounts = byAccount(entries);
  const replacements = byReplaced(entries);
  const wide = new Map<SignOutEntry, boolean>();
  const crowds = new Map<SignInEntry, readonly SignInEntry[]>();
  const accountOf = (name: string) => accounts.get(name) ?? emptyAccount();

  /** Whether a sign-out that finds what it names ends the whole account. */
  const widens = ({ origin }: SignOutEntry) =>
    origin === "app_everywhere" ||
    origin === "list_all" ||
    (scope === "account" && (origin === "app" || marksSid(origin)));
  const finishWidens = ({ reach }: FinishEntry) =>
    reach === "account" || reach === "everywhere" || (reach === "scope" && scope === "account");

  /** Whether a sign-out has certainly taken the whole account: its own session must have been there to be found. */
  function tookAll(signOut: SignOutEntry): boolean {
    const known = wide.get(signOut);
    if (known !== undefined) return known;
    const result = isWhole(signOut) || (widens(signOut) && foundItsSession(signOut));
    wide.set(signOut, result);
    return result;
  }

  /** The app says "signed out" to a cookie that opens nothing too, and then has nobody to sign out. */
  function foundItsSession(signOut: SignOutEntry): boolean {
    const isOwn = ({ session, sid }: SignInEntry) =>
      marksSid(signOut.origin) ? sid === signOut.sid : session === signOut.session;
    return accountOf(signOut.account)
      .signIns.filter((signIn) => signIn.session !== undefined && signIn.to <= signOut.from && isOwn(signIn))
      .some((signIn) => possibleCauses(signIn, signOut.to, signOut).length === 0);
  }

  function isEndedBy(signOut: SignOutEntry, signIn: SignInEntry): boolean {
    if (!signOut.acknowledged) return false;
    // Marks its `sid`, subject or account: a sign-in that is under way for it is refused, or its session goes.
    const isUnderWay = signIn.begunBy <= signOut.from;
    if (marksSid(signOut.origin) && signOut.sid === signIn.sid && isUnderWay) return true;
    if (isWhole(signOut) && signIn.session !== undefined) return isUnderWay;
    // Nothing may lead from the subject to what a failed sign-in has left.
    if (signOut.origin === "back_channel_subject") return false;
    if (signIn.to > signOut.from) return false;
    const isNamed = isByCookie(signOut) ? signOut.session === signIn.session : names(signOut, signIn);
    return isNamed || tookAll(signOut) || (names(signOut, signIn) && foundItsSession(signOut));
  }

  function mayEndLater(finish: FinishEntry, signIn: SignInEntry): boolean {
    if (signIn.session !== undefined && signIn.session === finish.session) return true;
    // What is in doubt is due.
    const isDue = signIn.from - maxDoubtMs <= finish.requestedAt;
    const isSuccessor = signIn.replaces !== undefined && signIn.replaces === finish.session;
    const isNamed = isSuccessor || (finish.sid !== undefined && finish.sid === signIn.sid);
    return isDue && (finishWidens(finish) || (finish.reach !== "named" && isNamed));
  }

  /** The sessions that may have been there when `signIn` looked for room. */
  function crowdOf(signIn: SignInEntry): readonly SignInEntry[] {
    const known = crowds.get(signIn);
    if (known) return known;
    const crowd = accountOf(signIn.account).signIns.filter((other) => {
      return other !== signIn && other.from < signIn.to && !hasCertainlyEnded(other, signIn.from);
    });
    crowds.set(signIn, crowd);
    return crowd;
  }

  function certainCauses(signIn: SignInEntry): Ending[] {
    const { signOuts, expiries, finishes } = accountOf(signIn.account);
    const endings: Ending[] = signOuts
      .filter((signOut) => isEndedBy(signOut, signIn))
      .map((cause) => ({ at: Math.max(cause.to, signIn.to), cause }));
    if (signIn.session === undefined) return endings;
    for (const cause of finishes) if (isEndedLater(cause, signIn)) endings.push({ at: cause.to, cause });
    for (const cause of expiries) {
      if (cause.acknowledged && cause.session === signIn.session) endings.push({ at: cause.to, cause });
    }
    for (const cause of replacements.get(signIn.session) ?? []) {
      if (cause.session !== undefined) endings.push({ at: cause.to, cause });
    }
    return endings;
  }

  /** The same for what ended before `moment`, looking at nothing later. */
  function hasCertainlyEnded(signIn: SignInEntry, moment: number): boolean {
    const replaced = (replacements.get(signIn.session ?? "") ?? []).some(
      (cause) => cause.session !== undefined && cause.to < moment,
    );
    return (
      replaced ||
      accountOf(signIn.account).signOuts.some(
        (cause) => cause.to < moment && signIn.to < moment && isEndedBy(cause, signIn),
      )
    );
  }

  /** Whatever may have ended the session and was begun before `moment`. */
  function possibleCauses(signIn: SignInEntry, moment: number, except?: Entry): Entry[] {
    const { signIns, signOuts, expiries, revocations, finishes, losses, strays } = accountOf(signIn.account);
    const isRelevant = (entry: Entry) => entry !== except && entry.from < moment && entry.to > signIn.from;
    const isEvictor = (other: SignInEntry) => {
      const crowd = crowdOf(other);
      const newer = crowd.filter((each) => each !== signIn && each.to > signIn.from).length;
      return crowd.includes(signIn) && newer >= maxPerAccount - 1;
    };
    return [
      ...signOuts.filter((cause) => {
        const isMeant = names(cause, signIn) || meansSuccessor(cause, signIn);
        return isRelevant(cause) && (isWhole(cause) || widens(cause) || isMeant);
      }),
      ...expiries.filter((cause) => isRelevant(cause) && cause.session === signIn.session),
      ...revocations.filter(isRelevant),
      ...finishes.filter((cause) => isRelevant(cause) && mayEndLater(cause, signIn)),
      ...losses.filter((cause) => isRelevant(cause) && cause.session === signIn.session),
      ...strays.filter(isRelevant),
      ...(replacements.get(signIn.session ?? "") ?? []).filter(isRelevant),
      ...signIns.filter((other) => other !== signIn && isRelevant(other) && isEvictor(other)),
    ];
  }

  return {
    certain(signIn, { stored } = { stored: false }) {
      const causes = certainCauses(signIn);
      return earliest(stored ? causes.filter(({ cause }) => cause.kind !== "expiry") : causes);
    },
    possible: (signIn) => earliest(possibleCauses(signIn, Infinity).map((cause) => ({ at: cause.from, cause }))),
  };
}

/** What was named must have been in the document, and what had begun by then must have been due. */
function isEndedLater(finish: FinishEntry, signIn: SignInEntry): boolean {
  const { acknowledged, session, sid, reach, requestedAt, from } = finish;
  if (!acknowledged || signIn.session === undefined || signIn.to > from) return false;
  if (signIn.session === session) return true;
  return signIn.to < requestedAt && (reach === "account" || signIn.sid === sid);
}

/** Whether a sign-out is of the whole account, which it marks. */
export function isWhole({ origin }: Pick<SignOutEntry, "origin">): boolean {
  return origin === "administrator" || origin === "back_channel_subject";
}

function isByCookie({ origin }: SignOutEntry): boolean {
  return origin === "app" || origin === "app_everywhere" || origin === "list_all";
}

/** Whoever signs out in a browser that has just signed in anew means the new session, whatever its `sid`. */
function meansSuccessor(signOut: SignOutEntry, { replaces }: SignInEntry): boolean {
  return isByCookie(signOut) && replaces !== undefined && replaces === signOut.session;
}

function marksSid(origin: SignOutEntry["origin"]): boolean {
  return origin === "front_channel" || origin === "back_channel";
}

function names(signOut: SignOutEntry, signIn: SignInEntry): boolean {
  const bySession = signOut.session !== undefined && signOut.session === signIn.session;
  return isWhole(signOut) || bySession || (signOut.sid !== undefined && signOut.sid === signIn.sid);
}

function earliest(endings: readonly Ending[]): Ending | undefined {
  let first: Ending | undefined;
  for (const ending of endings) if (!first || ending.at < first.at) first = ending;
  return first;
}

function emptyAccount(): Account {
  return { signIns: [], signOuts: [], expiries: [], revocations: [], finishes: [], losses: [], strays: [] };
}

function byAccount(entries: readonly Entry[]): ReadonlyMap<string, Account> {
  const accounts = new Map<string, Account>();
  for (const entry of entries) {
    const account = accounts.get(entry.account) ?? emptyAccount();
    accounts.set(entry.account, account);
    if (entry.kind === "sign_in") account.signIns.push(entry);
    if (entry.kind === "sign_out") account.signOuts.push(entry);
    if (entry.kind === "expiry") account.expiries.push(entry);
    if (entry.kind === "revocation") account.revocations.push(entry);
    if (entry.kind === "finish") account.finishes.push(entry);
    if (entry.kind === "call" && entry.rotating && entry.status === 503) account.losses.push(entry);
  }
  addStrays(accounts, entries);
  // The recursion above then meets what it has already decided.
  for (const { signOuts } of accounts.values()) signOuts.sort((a, b) => a.to - b.to);
  return accounts;
}

/** Whoever signs out means what the browser has now: it may have changed to another account since. */
function addStrays(accounts: ReadonlyMap<string, Account>, entries: readonly Entry[]): void {
  const replacements = byReplaced(entries);
  for (const entry of entries) {
    if (entry.kind !== "sign_out" && entry.kind !== "finish") continue;
    for (const { account } of replacements.get(entry.session ?? "") ?? []) {
      if (account !== entry.account) accounts.get(account)?.strays.push(entry);
    }
  }
}

function byReplaced(entries: readonly Entry[]): ReadonlyMap<string, readonly SignInEntry[]> {
  const signIns = entries.filter((entry) => entry.kind === "sign_in").filter(({ replaces }) => replaces !== undefined);
  return Map.groupBy(signIns, ({ replaces }) => replaces ?? "");
}

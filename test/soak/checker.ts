import { maxDoubtMs } from "../../shared/store/clock.ts";
import { endingsOf, isWhole, type Ending, type Endings } from "./endings.ts";
import type { CallEntry, Entry, FinishEntry, History, SignInEntry, SignOutEntry, StoredSessions } from "./history.ts";

/** What must never be found. */
export type Violation =
  | "alive_after_its_end"
  | "came_back"
  | "lost"
  | "foreign_token"
  | "stored_after_its_end"
  | "stored_by_nobody"
  | "too_many_sessions"
  | "empty_document"
  | "refused_without_reason"
  | "unexpected_answer";

export interface Finding {
  readonly violation: Violation;
  /** The entries that contradict each other. */
  readonly evidence: readonly Entry[];
  readonly detail?: string;
}

/** Answers that name a dependency in trouble; everything else has to be what was asked for. */
const namedFailures = new Set(["store_unavailable", "store_contention", "identity_provider_unavailable"]);

/** Reads a history and what is left in the store, and finds what must not be. */
export function check(history: History, stored: StoredSessions): readonly Finding[] {
  const signIns = history.entries.filter((entry) => entry.kind === "sign_in");
  const calls = history.entries.filter((entry) => entry.kind === "call");
  const signOuts = history.entries.filter((entry) => entry.kind === "sign_out");
  const finishes = history.entries.filter((entry) => entry.kind === "finish");
  const endings = endingsOf(history);
  const callsBySession = Map.groupBy(calls, ({ session }) => session);
  return [
    ...signIns.flatMap((signIn) => checkSignIn(signIn, [...signOuts, ...finishes])),
    ...signOuts.flatMap(checkSignOut),
    ...calls.flatMap(checkAnswer),
    ...signIns.flatMap((signIn) => {
      const own = callsBySession.get(signIn.session ?? "") ?? [];
      return [...checkEnd(signIn, own, endings), ...checkLoss(signIn, own, endings), ...checkReturn(own)];
    }),
    ...checkStore(history, signIns, stored, endings),
  ];
}

/** 403 says that the `sid`, the subject or the account was signed out meanwhile: then somebody must have done so, and meanwhile or just before. */
function checkSignIn(signIn: SignInEntry, signOuts: readonly (SignOutEntry | FinishEntry)[]): Finding[] {
  if (signIn.session !== undefined || signIn.status === 503) return [];
  if (signIn.status !== 403) return [{ violation: "unexpected_answer", evidence: [signIn] }];
  const reason = signOuts.some(({ from, to, ...signOut }) => {
    const isOfAccount = signOut.kind === "finish" ? signOut.reach === "account" : isWhole(signOut);
    const isMarked = signOut.sid === signIn.sid || (isOfAccount && signOut.account === signIn.account);
    return isMarked && from < signIn.to && to + maxDoubtMs > signIn.from;
  });
  return reason ? [] : [{ violation: "refused_without_reason", evidence: [signIn] }];
}

function checkSignOut(signOut: SignOutEntry): Finding[] {
  const isExpected = signOut.acknowledged || signOut.status === 503;
  return isExpected ? [] : [{ violation: "unexpected_answer", evidence: [signOut] }];
}

function checkAnswer(call: CallEntry): Finding[] {
  if (call.status === 200) {
    return call.answered === call.owner ? [] : [{ violation: "foreign_token", evidence: [call] }];
  }
  const isNamed = call.status === 503 && namedFailures.has(call.code ?? "");
  return isNamed || isRefusal(call) ? [] : [{ violation: "unexpected_answer", evidence: [call] }];
}

function isRefusal({ status, code }: CallEntry): boolean {
  return status === 401 && code === "signin_required";
}

/** No session may work after it was signed out, replaced or expired. */
function checkEnd(signIn: SignInEntry, calls: readonly CallEntry[], endings: Endings): Finding[] {
  const end = endings.certain(signIn);
  const late = end && calls.find(({ status, from }) => status === 200 && from > end.at);
  return late ? [finding("alive_after_its_end", signIn, end, late)] : [];
}

/** No session may be refused that nobody has ended. */
function checkLoss(signIn: SignInEntry, calls: readonly CallEntry[], endings: Endings): Finding[] {
  const end = endings.possible(signIn);
  const lost = calls.find((call) => isRefusal(call) && (!end || call.to < end.at));
  return lost ? [finding("lost", signIn, undefined, lost)] : [];
}

/** No session may work again once it was refused. */
function checkReturn(calls: readonly CallEntry[]): Finding[] {
  const refusal = calls.find(isRefusal);
  const later = refusal && calls.find(({ status, from }) => status === 200 && from > refusal.to);
  return later ? [{ violation: "came_back", evidence: [refusal, later] }] : [];
}

/** Nothing may be stored but sessions that may be alive. */
function checkStore(
  { maxPerAccount }: History,
  signIns: readonly SignInEntry[],
  stored: StoredSessions,
  endings: Endings,
): Finding[] {
  const known = new Map(signIns.map((signIn) => [signIn.session, signIn]));
  return [...stored].flatMap(([account, sessions]) => {
    const detail = `${sessions.size} sessions in ${account}`;
    const findings: Finding[] = [];
    if (sessions.size === 0) findings.push({ violation: "empty_document", evidence: [], detail });
    if (sessions.size > maxPerAccount) findings.push({ violation: "too_many_sessions", evidence: [], detail });
    for (const [session, { createdAt }] of sessions) {
      const signIn = known.get(session);
      const end = signIn && endings.certain(signIn, { stored: true });
      if (signIn && end) findings.push(finding("stored_after_its_end", signIn, end));
      if (!signIn && !mayBeOfFailedSignIn(account, createdAt, signIns, endings)) {
        findings.push({ violation: "stored_by_nobody", evidence: [], detail: `${session} in ${account}` });
      }
    }
    return findings;
  });
}

/** A sign-in that failed half-way may leave a session that nobody has the cookie of; sign-outs end that one too. */
function mayBeOfFailedSignIn(
  account: string,
  createdAt: number,
  signIns: readonly SignInEntry[],
  endings: Endings,
): boolean {
  return signIns.some((signIn) => {
    const isCandidate = signIn.account === account && signIn.session === undefined;
    // A session is dated by the earliest time that it may have been.
    const isAtThatTime = createdAt >= signIn.from - maxDoubtMs && createdAt <= signIn.to;
    return isCandidate && isAtThatTime && !endings.certain(signIn, { stored: true });
  });
}

function finding(violation: Violation, signIn: SignInEntry, end: Ending | undefined, call?: CallEntry): Finding {
  return { violation, evidence: [signIn, ...(end ? [end.cause] : []), ...(call ? [call] : [])] };
}

import { timingSafeEqual } from "node:crypto";
import { signInSeconds } from "../account/signed-out-since.ts";
import { isRecord, sha256Base64Url } from "../core/encoding.ts";
import { ProblemError } from "../core/errors.ts";
import type { CookieJar } from "../http/cookie-jar.ts";
import { isTick, wasBefore, type StoreClock, type Tick, type TimeBounds } from "../store/clock.ts";
import { clockToleranceSeconds } from "../identity/jwt.ts";

/**
 * One sign-in under way, kept in a cookie of its own so that tabs can sign in side by side. It ties the answer of the
 * identity provider to the browser that asked (`state`, OpenID Connect Core 1.0 section 3.1.2.1), the ID token to the
 * request (`nonce`), and the code to the app (PKCE, RFC 7636).
 */
export interface SignInTransaction {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly returnUrl: string;
  /** Whether nothing may be shown (`prompt=none`); then "not signed in" is an answer, not an error. */
  readonly silent: boolean;
  /** When the sign-in began, at the earliest: milliseconds since the epoch by the store's clock, null if that was not known. */
  readonly startedAt: number | null;
  /** The same moment, as counted by the instance where the sign-in began. */
  readonly startedTick?: Tick;
  /**
   * For how many seconds, when this sign-in began, the person may have been signed in at the identity provider; null for any.
   */
  readonly maxAge: number | null;
  /** The API that the sign-in is for, if it named one. A sign-in that an earlier version began does not say. */
  readonly api?: string | undefined;
  /** Hash of the claims challenge that the sign-in answers. */
  readonly claimsHash?: string | undefined;
}

const prefix = "signin-";
const cookieName = /^signin-[A-Za-z0-9_-]{16}$/;
/** More at once are a loop or an attack. Without a limit, the `Cookie` field would outgrow what servers accept. */
const maxUnderWay = 6;

type Clock = Pick<StoreClock, "bounds" | "tick">;

/**
 * The earliest time at which the person may have proved who they are, in milliseconds since the epoch; undefined for any.
 * @param now counts if it is not known when the sign-in began
 */
export function authenticatedSince({ startedAt, maxAge }: SignInTransaction, now: number): number | undefined {
  return maxAge === null ? undefined : (startedAt ?? now) - maxAge * 1000;
}

/** Keeps `transaction` in this browser. If there are too many, the oldest is dropped. */
export function beginTransaction(jar: CookieJar, transaction: SignInTransaction): void {
  makeRoom(jar, transaction);
  jar.set(nameOf(transaction.state), encode(transaction), signInSeconds);
}

/** Drops first those that can no longer succeed: finished, unreadable, too old, or begun in the future. */
function makeRoom(jar: CookieJar, { startedAt: now }: SignInTransaction): void {
  const time = now === null ? undefined : { earliest: now, latest: now };
  const startOf = (name: string) => {
    const transaction = parse(jar.read(name));
    const counts = transaction && nameOf(transaction.state) === name && isUnderWay(transaction, time);
    return counts ? (transaction.startedAt ?? 0) : -Infinity;
  };
  const latestFirst = jar
    .names(prefix)
    .filter((name) => cookieName.test(name))
    .map((name) => ({ name, start: startOf(name) }))
    .toSorted((a, b) => b.start - a.start);
  for (const { name } of latestFirst.slice(maxUnderWay - 1)) jar.clear(name);
}

/** What is left of a sign-in that was answered: enough to go to its return URL again, and nothing to sign in with. */
export interface FinishedSignIn {
  readonly state: string;
  readonly returnUrl: string;
  readonly finishedAt: number;
  /** Whether the person is signed in by it. */
  readonly opened?: boolean;
  /** What it was for, as the transaction had it. */
  readonly api?: string | undefined;
  readonly claimsHash?: string | undefined;
}

/**
 * Ends `transaction`: it accepts one answer, whatever that says. A note stays for a quarter of an hour, in case the browser
 * comes to the same address again.
 */
export function finishTransaction(
  jar: CookieJar,
  { state, returnUrl, api, claimsHash }: SignInTransaction,
  { opened = false }: { readonly opened?: boolean } = {},
): void {
  const note: FinishedSignIn = { state, returnUrl, finishedAt: Date.now(), opened, api, claimsHash };
  jar.set(nameOf(state), encode(note), signInSeconds);
}

/** The finished sign-in that `state` belonged to, if this browser still has a note of it. */
export function finishedSignIn(jar: CookieJar, state: string): FinishedSignIn | undefined {
  const note = decode(jar.read(nameOf(state)));
  return isFinished(note) && equal(note.state, state) ? note : undefined;
}

/** Drops the notes of finished sign-ins at a sign-out: the browser's next user need not know where the last one was. */
export function forgetFinishedSignIns(jar: CookieJar): void {
  for (const { name } of finishedSignIns(jar)) jar.clear(name);
}

/** The finished sign-ins that this browser still has a note of, with the cookies that hold the notes. */
export function finishedSignIns(jar: CookieJar): { readonly name: string; readonly note: FinishedSignIn }[] {
  return jar.names(prefix).flatMap((name) => {
    const note = cookieName.test(name) ? decode(jar.read(name)) : undefined;
    return isFinished(note) ? [{ name, note }] : [];
  });
}

/**
 * The transaction that `state` belongs to, if this browser began it.
 * @throws {ProblemError} `signin_unknown`
 */
export function knownTransaction(jar: CookieJar, state: string, clock: Clock): SignInTransaction {
  const time = clock.bounds();
  const transaction = parse(jar.read(nameOf(state)));
  if (!transaction || !equal(transaction.state, state) || !isUnderWay(transaction, time)) throw unknownSignIn();
  const { startedAt, startedTick, ...rest } = transaction;
  return {
    ...rest,
    startedAt: startedAt === null || !time ? null : Math.min(startedAt, time.earliest),
    // A tick in the future would be forged. Only for ticks of this process can that be ruled out.
    ...(startedTick && wasBefore(startedTick, clock.tick()) && { startedTick }),
  };
}

/**
 * Whether a sign-in began lately, and not in the future: no sign-out would ever be later than such a sign-in. If a time is not
 * known, the browser has to forget the cookie in time, and the identity provider must not redeem an old code.
 */
function isUnderWay({ startedAt }: SignInTransaction, time: TimeBounds | undefined): boolean {
  if (startedAt === null || !time) return true;
  return startedAt > time.latest - signInSeconds * 1000 && startedAt <= time.latest + clockToleranceSeconds * 1000;
}

/** This browser has no such sign-in under way: the answer came too late, a second time, or to another browser. */
export function unknownSignIn(): ProblemError {
  return new ProblemError("signin_unknown", "Go back to the app and sign in again. Cookies must be allowed.");
}

function nameOf(state: string): string {
  return prefix + sha256Base64Url(state).slice(0, 16);
}

function parse(value: string | undefined): SignInTransaction | undefined {
  const parsed = decode(value);
  return isTransaction(parsed) ? parsed : undefined;
}

function encode(value: SignInTransaction | FinishedSignIn): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(value: string | undefined): unknown {
  try {
    return value === undefined ? undefined : JSON.parse(Buffer.from(value, "base64url").toString());
  } catch {
    return undefined;
  }
}

function isFinished(value: unknown): value is FinishedSignIn {
  return (
    isRecord(value) && ["state", "returnUrl"].every((name) => typeof value[name] === "string") && "finishedAt" in value
  );
}

function isTransaction(value: unknown): value is SignInTransaction {
  if (!isRecord(value)) return false;
  const texts = [value["state"], value["nonce"], value["codeVerifier"], value["returnUrl"]];
  const hasTexts = texts.every((text) => typeof text === "string" && text !== "");
  const { startedAt, startedTick, silent, maxAge, api, claimsHash } = value;
  const hasTimes =
    [startedAt, maxAge].every((time) => time === null || typeof time === "number") &&
    (startedTick === undefined || isTick(startedTick));
  const saysWhatFor = [api, claimsHash].every((text) => text === undefined || typeof text === "string");
  return hasTexts && hasTimes && saysWhatFor && typeof silent === "boolean";
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

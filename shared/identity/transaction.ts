import { timingSafeEqual } from "node:crypto";
import { isRecord, randomBase64Url, sha256Base64Url } from "../encoding.ts";
import { ConditionError } from "../errors.ts";
import type { CookieJar } from "../session/cookie.ts";
import { clockToleranceSeconds } from "./jwt.ts";

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
  /** Whether the sign-in was tried without showing anything; then "not signed in" is an answer, not an error. */
  readonly silent: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

const prefix = "signin-";
const cookieName = /^signin-[A-Za-z0-9_-]{16}$/;
const lifetimeSeconds = 15 * 60;
/** More at once is a loop or an attack; without a limit the header would outgrow what servers accept. */
const maxUnderWay = 6;

export function newTransaction(returnUrl: string, silent: boolean): SignInTransaction {
  return {
    state: randomBase64Url(),
    nonce: randomBase64Url(),
    codeVerifier: randomBase64Url(),
    returnUrl,
    silent,
    startedAt: Date.now(),
  };
}

/** PKCE challenge, method S256 (RFC 7636 section 4.2). */
export function codeChallengeOf({ codeVerifier }: SignInTransaction): string {
  return sha256Base64Url(codeVerifier);
}

/** Keeps `transaction` in this browser, and drops the others when there are too many. */
export function beginTransaction(jar: CookieJar, transaction: SignInTransaction): void {
  const others = jar.names(prefix).filter((name) => cookieName.test(name));
  if (others.length >= maxUnderWay) others.forEach((name) => jar.clear(name));
  const value = Buffer.from(JSON.stringify(transaction)).toString("base64url");
  jar.set(nameOf(transaction.state), value, lifetimeSeconds);
}

/**
 * The transaction that `state` belongs to, if this browser began it. It answers once: its cookie goes with the answer,
 * whatever that will be.
 * @throws {ConditionError} `signin_unknown`
 */
export function takeTransaction(jar: CookieJar, state: string): SignInTransaction {
  const transaction = parse(jar.read(nameOf(state)));
  const now = Date.now();
  const known = transaction && equal(transaction.state, state) && isUnderWay(transaction, now);
  if (!known) throw unknownSignIn();
  jar.clear(nameOf(state));
  return { ...transaction, startedAt: Math.min(transaction.startedAt, now) };
}

/** Not from the future, but for what clocks may differ: no sign-out would ever be later than such a sign-in. */
function isUnderWay({ startedAt }: SignInTransaction, now: number): boolean {
  return startedAt > now - lifetimeSeconds * 1000 && startedAt <= now + clockToleranceSeconds * 1000;
}

/** Whoever answers has no sign-in under way here: too late, a second time, or another browser. */
export function unknownSignIn(): ConditionError {
  return new ConditionError("signin_unknown", "Go back to the app and sign in again. Cookies must be allowed.");
}

function nameOf(state: string): string {
  return prefix + sha256Base64Url(state).slice(0, 16);
}

function parse(value: string | undefined): SignInTransaction | undefined {
  if (value === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(value, "base64url").toString());
    return isTransaction(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isTransaction(value: unknown): value is SignInTransaction {
  if (!isRecord(value)) return false;
  const texts = [value["state"], value["nonce"], value["codeVerifier"], value["returnUrl"]];
  const hasTexts = texts.every((text) => typeof text === "string" && text !== "");
  return hasTexts && typeof value["startedAt"] === "number" && typeof value["silent"] === "boolean";
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

import { subjectKeyOf, type SidEntry } from "../account/index-entry.ts";
import { claimSid, type NewClaim } from "../account/claim.ts";
import { readEntry, warnIfUnreadable } from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import { ConditionError } from "../core/errors.ts";
import type { SignedIn } from "./sign-in.ts";
import { endDisplacedSessions } from "../sign-out/by-app.ts";
import type { Tick } from "../store/clock.ts";
import { StoreContentionError } from "../store/errors.ts";
import type { Versioned } from "../store/point-operations.ts";
import type { SessionWrite } from "./keep.ts";

/** A new session, and all that has to lead to it. */
export interface Claims {
  readonly write: SessionWrite;
  readonly subject: SignedIn["subject"];
  /** When the sign-in began, at the earliest, in milliseconds since the epoch by the store's clock. */
  readonly startedAt: number;
  /** The same moment, as this process counts it, if the sign-in began here. */
  readonly startedTick?: Tick | undefined;
  /** The entry of the session's `sid` as last read. */
  readonly seenSid: Versioned<SidEntry> | undefined;
}

/**
 * Makes the index lead from the `sid` to the account, and from the subject if the identity provider may name it alone.
 * @throws {ConditionError} `signin_signed_out` when one of them was signed out since the sign-in began
 */
export async function claimIndex(app: App, claims: Claims, invocation: Invocation): Promise<void> {
  await claimForSid(app, claims, invocation);
  await claimForSubject(app, claims, invocation);
}

/** If an entry changes its account more often than this while a sign-in claims it, the sign-in gives up. */
const maxTakeovers = 8;

/**
 * The `sid` may lead to another account, if the person has changed accounts in one session of the identity provider. That
 * account's sessions under the `sid` end first, while a sign-out still finds them.
 */
async function claimForSid(app: App, claims: Claims, invocation: Invocation): Promise<void> {
  const { sid } = claims.write.session;
  if (sid === null) return;
  const { sids } = await app.store();
  const claim = { ...claimOf(app, claims, sid), sessionKey: claims.write.sessionKey };
  let claimed = await claimSid(sids, claim, claims.seenSid, invocation.signal);
  for (let takeover = 1; claimed.outcome === "other account"; takeover++) {
    if (takeover > maxTakeovers) throw new StoreContentionError();
    await endDisplacedSessions(app, claimed.accountKey, sid, invocation);
    claimed = await claimSid(sids, { ...claim, takesFrom: claimed }, claimed.seen, invocation.signal);
  }
  if (claimed.outcome === "signed out") throw signedOutMeanwhile();
}

async function claimForSubject(app: App, claims: Claims, { signal, telemetry }: Invocation): Promise<void> {
  const { subject } = claims;
  if (!subject) return;
  const { sids } = await app.store();
  const id = subjectKeyOf(subject.issuer, subject.sub);
  const seen = await readEntry(sids, "sid or subject", id, signal);
  warnIfUnreadable(seen?.document, telemetry, "sid");
  const claim = { ...claimOf(app, claims, id), sessionKey: null, takesFrom: "any account" } as const;
  const claimed = await claimSid(sids, claim, seen, signal);
  if (claimed.outcome === "signed out") throw signedOutMeanwhile();
}

function claimOf(app: App, { write, startedAt, startedTick }: Claims, id: string): Omit<NewClaim, "sessionKey"> {
  return { id, accountKey: write.accountKey, ttl: ttlOf(app), startedAt, startedTick };
}

/** Seconds: as long as the session can live. */
function ttlOf({ configuration }: App): number {
  return configuration.session.absoluteTimeoutMinutes * 60;
}

export function signedOutMeanwhile(): ConditionError {
  return new ConditionError("signin_signed_out", "You were signed out elsewhere. Sign in again to continue.");
}

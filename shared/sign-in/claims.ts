import { subjectKeyOf } from "../account/keys.ts";
import type { SidEntry } from "../account/sid-entry.ts";
import { claimSid } from "../account/sid-index.ts";
import { warnIfUnreadable } from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import { ConditionError } from "../core/errors.ts";
import type { SignedIn } from "./sign-in.ts";
import { endDisplacedSessions } from "../sign-out/sign-out.ts";
import type { Tick } from "../store/clock.ts";
import type { Versioned } from "../store/point-operations.ts";
import type { SessionWrite } from "./keep.ts";

/** What the index has to lead from to a new session. */
export interface Claims {
  readonly write: SessionWrite;
  readonly subject: SignedIn["subject"];
  /** When the sign-in began, at the earliest, in milliseconds since the epoch by the store's clock. */
  readonly startedAt: number;
  /** The same as this process counts, if the sign-in began here. */
  readonly startedTick?: Tick | undefined;
  /** The entry of its `sid` as last read. */
  readonly seenSid: Versioned<SidEntry> | undefined;
}

/**
 * Leads the `sid`, and the subject where the identity provider may name it alone, to the account.
 * @throws {ConditionError} `signin_signed_out` when one of them was signed out since the sign-in began
 */
export async function claimIndex(app: App, claims: Claims, invocation: Invocation): Promise<void> {
  await claimForSid(app, claims, invocation);
  await claimForSubject(app, claims, invocation);
}

async function claimForSid(app: App, claims: Claims, invocation: Invocation): Promise<void> {
  const { accountKey, sessionKey, session } = claims.write;
  const { sid } = session;
  if (sid === null) return;
  const { sids } = await app.store();
  const endDisplaced = async (displaced: string) => endDisplacedSessions(app, displaced, sid, invocation);
  const { startedAt, startedTick } = claims;
  const claim = { id: sid, accountKey, sessionKey, ttl: ttlOf(app), startedAt, startedTick, endDisplaced };
  const claimed = await claimSid(sids, claim, claims.seenSid, invocation.signal);
  if (claimed === "signed out") throw signedOutMeanwhile();
}

async function claimForSubject(
  app: App,
  { write, subject, startedAt, startedTick }: Claims,
  { signal, telemetry }: Invocation,
): Promise<void> {
  if (!subject) return;
  const { sids } = await app.store();
  const id = subjectKeyOf(subject.issuer, subject.sub);
  const { accountKey } = write;
  const began = { startedAt, startedTick };
  const claim = { id, accountKey, sessionKey: null, ttl: ttlOf(app), ...began, endDisplaced: async () => undefined };
  const seen = await sids.read(id, signal);
  warnIfUnreadable(seen?.document, telemetry, "sid");
  if ((await claimSid(sids, claim, seen, signal)) === "signed out") throw signedOutMeanwhile();
}

/** Seconds: as long as the session can live. */
function ttlOf({ configuration }: App): number {
  return configuration.session.absoluteTimeoutMinutes * 60;
}

export function signedOutMeanwhile(): ConditionError {
  return new ConditionError("signin_signed_out", "You were signed out in another place. Sign in again to continue.");
}

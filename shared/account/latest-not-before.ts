import { NoAnswerInTimeError, shared, whileAsked, withinDeadline } from "../core/waiting.ts";
import type { Reading, StoreClock } from "../store/clock.ts";
import { StoreUnavailableError } from "../store/errors.ts";
import type { NotBefore } from "./not-before.ts";

/** Tells from which time on sessions count, with a read of the store every few seconds and not for each request. */
export interface LatestNotBefore {
  /**
   * As the store had it at most 5 s ago.
   * @throws {StoreUnavailableError} when the store has not said so for longer
   */
  get(signal: AbortSignal): Promise<NotBefore>;
  /** Takes over what this instance has just written. */
  put(written: NotBefore): void;
}

/** From this age on, in milliseconds, it is read again, without anybody's waiting. */
const freshMs = 2_500;
/** An answer that is older is not used. A request that is under way looks again every 4 s: both together are under 10 s. */
const trustedMs = 5_000;
const readTimeoutMs = 4_000;

interface Known {
  readonly notBefore: NotBefore;
  /** When it was asked for. */
  readonly reading: Reading;
}

/** @param clock has both clocks of the machine: only one of them goes on while an instance is frozen */
export function latestNotBefore(
  read: (signal: AbortSignal) => Promise<NotBefore>,
  clock: Pick<StoreClock, "read">,
): LatestNotBefore {
  let known: Known | undefined;

  const learn = (learnt: Known) => {
    if (!known || learnt.reading.monotonic >= known.reading.monotonic) known = learnt;
  };
  const refresh = shared(async () => {
    const reading = clock.read();
    learn({ notBefore: await read(AbortSignal.timeout(readTimeoutMs)), reading });
  }, whileAsked);
  const young = (ms: number) => (known && ageMs(known.reading, clock.read()) <= ms ? known.notBefore : undefined);

  const latest: LatestNotBefore = {
    async get(signal) {
      const fresh = young(freshMs);
      if (fresh) return fresh;
      const refreshed = refresh();
      // If it fails, somebody will wait for the next one.
      refreshed.catch(() => undefined);
      const trusted = young(trustedMs);
      if (trusted) return trusted;
      await inTime(signal, refreshed);
      // An instance that was frozen during the read has an old answer, too.
      return young(trustedMs) ?? latest.get(signal);
    },
    put: (written) => learn({ notBefore: written, reading: clock.read() }),
  };
  return latest;
}

async function inTime(signal: AbortSignal, read: Promise<void>): Promise<void> {
  try {
    await withinDeadline(signal, read);
  } catch (error) {
    throw error instanceof NoAnswerInTimeError ? new StoreUnavailableError("read not-before", error) : error;
  }
}

/** The wall clock may be set, in either direction: then nobody can tell, and the age is what it was set by. */
function ageMs(before: Reading, now: Reading): number {
  return Math.max(now.monotonic - before.monotonic, Math.abs(now.wall - before.wall));
}

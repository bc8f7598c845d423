import type { Observation } from "./run.ts";

/** What must not happen, whatever the table says. */
export function findings(observations: readonly Observation[]): readonly string[] {
  return observations.flatMap((observation) => {
    const healthy = observations.find(({ journey, fault }) => journey === observation.journey && fault === undefined);
    const rule = healthy && ruleBroken(observation, healthy);
    const all = [...observation.wrong, ...(rule === undefined ? [] : [rule])];
    return all.map((finding) => `${nameOf(observation)}: ${finding} (${observation.seen}; ${observation.stored})`);
  });
}

function nameOf({ journey, operation, fault, duration }: Observation): string {
  if (!operation || !fault) return `${journey.title}, nothing goes wrong`;
  return `${journey.title}, ${operation.kind} ${operation.container}: ${fault.name}, ${duration ?? ""}`;
}

function ruleBroken({ seen, stored, fault, duration }: Observation, healthy: Observation): string | undefined {
  if (fault === undefined) return /^(2|302|401|done)/.test(seen) ? undefined : "fails without a fault";
  const isAsHealthy = seen === healthy.seen;
  if (fault.isRival) {
    return isAsHealthy ||
      /^(2|302|401 |404 `session_unknown`|503 `signout_deferred`)/.test(seen) ||
      seen === `503 ${contended}` ||
      seen === putAside
      ? undefined
      : "another request's doing is no failure";
  }
  if (duration === "once") {
    return isAsHealthy && stored === healthy.stored ? undefined : "one fault is not outlasted";
  }
  return isAsHealthy || seen.startsWith("503 ") || seen === putAside ? undefined : "a lasting fault is not named";
}

/** How a change ends that others are always ahead of. */
export const contended = "`store_contention` or `store_unavailable`";

/** What becomes of an order that the queue's function cannot carry out. */
export const putAside = "tried again, in the end put aside";

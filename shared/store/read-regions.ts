/**
 * Which region of the database a read goes to. The SDK goes on to the next one only after some failures (503, its own time-out),
 * but not if a region refuses connections or does not answer within the time that an attempt has.
 */
export interface ReadRegions {
  /** For the next attempt. */
  choose(): ReadRegion;
}

export interface ReadRegion {
  /** Names of the regions to leave out, for the SDK's `excludedLocations`. */
  readonly excluded: string[];
  /** The region did not answer: for a minute, reads go to the next one. */
  failed(): void;
}

/** Then the region before is tried again. */
const awayMs = 60_000;

/** @param names in the order in which reads try them; with one or none, the SDK chooses */
export function readRegions(names: readonly string[], now: () => number = () => performance.now()): ReadRegions {
  let first = 0;
  let until = 0;
  return {
    choose() {
      if (now() >= until) first = 0;
      const chosen = first;
      return {
        excluded: names.slice(0, chosen),
        failed() {
          // Reads that ran at the same time fail together, and move on once.
          if (chosen !== first) return;
          first = chosen + 1 < names.length ? chosen + 1 : 0;
          until = now() + awayMs;
        },
      };
    },
  };
}

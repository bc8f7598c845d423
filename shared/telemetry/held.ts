/** What has been recorded and nobody could take yet. Undefined: nothing is held. */
let held: (() => void)[] | undefined;

/** Far more than the first requests of an instance record. */
const maxHeld = 2_048;

/** Keeps events and measurements from now on, because what takes them is loaded later. */
export function holdRecords(): void {
  held = [];
}

/** Records what was held, in order, and from now on everything at once. */
export function releaseRecords(): void {
  const all = held ?? [];
  held = undefined;
  for (const each of all) each();
}

/** @param write records one event or measurement, now or later */
export function record(write: () => void): void {
  if (held === undefined) write();
  else if (held.length < maxHeld) held.push(write);
}

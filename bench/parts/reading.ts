/**
 * What the probe reports about its process. CPU in milliseconds, of all threads; memory in bytes; delay in
 * milliseconds.
 */
export interface Reading {
  /** When it was read, in milliseconds of a clock of the process. */
  readonly atMs: number;
  readonly cpuMs: number;
  readonly residentBytes: number;
  /** The most that it has been. */
  readonly peakResidentBytes: number;
  readonly heapBytes: number;
  readonly eventLoopDelayP99Ms: number;
}

/** A reading of each process of a server. */
export async function readProbes(ports: readonly number[], path = ""): Promise<readonly Reading[]> {
  return Promise.all(
    ports.map(async (port) => (await (await fetch(`http://127.0.0.1:${port}/${path}`)).json()) as Reading),
  );
}

/** How many CPUs the server's processes kept busy between two readings. */
export function busyCpus(before: readonly Reading[], after: readonly Reading[]): number {
  return after.reduce((sum, { cpuMs, atMs }, index) => {
    const earlier = before[index];
    return sum + (earlier ? (cpuMs - earlier.cpuMs) / (atMs - earlier.atMs) : NaN);
  }, 0);
}

/** Memory of all processes of a server. */
export function totalOf(
  readings: readonly Reading[],
  figure: "residentBytes" | "peakResidentBytes" | "heapBytes",
): number {
  return readings.reduce((sum, reading) => sum + reading[figure], 0);
}

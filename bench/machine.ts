import { readFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg } from "node:os";

/** What the machine is, and what else it did during the benchmark. */
export interface MachineReport {
  readonly cpus: number;
  readonly model: string;
  /** Of the minute before the benchmark. */
  readonly loadBefore: number;
  /** CPUs that other programs kept busy on average; undefined where that cannot be read. */
  readonly busyWithOthers: number | undefined;
}

/** Begins to watch the machine. The returned function reports when every process of the benchmark has ended. */
export async function watchMachine(): Promise<() => Promise<MachineReport>> {
  const [loadBefore = NaN] = loadavg();
  const count = availableParallelism();
  const began = { at: performance.now(), busy: busyMs(), own: await ownMs() };
  return async () => {
    const own = await ownMs();
    const others = busyMs() - began.busy - ((own ?? NaN) - (began.own ?? NaN));
    const elapsed = performance.now() - began.at;
    return {
      cpus: count,
      model: cpus()[0]?.model.trim() ?? "unknown",
      loadBefore,
      busyWithOthers: own === undefined ? undefined : Math.max(0, others / elapsed),
    };
  };
}

/** CPU time of the whole machine. */
function busyMs(): number {
  return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
}

/** CPU time of this process and of all those that it started and that have ended. */
async function ownMs(): Promise<number | undefined> {
  try {
    const stat = await readFile("/proc/self/stat", "utf8");
    // From the third field on; the second has the program's name, which can have spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, each) => sum + Number(each), 0);
    return ticks * 10;
  } catch {
    return undefined;
  }
}

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** How many CPUs a measured server has. */
export type ServerCpus = 1 | 2;

/** Which CPUs the measured servers and the rest of the benchmark run on. */
export interface Cpus {
  /** False where the operating system, or a machine with one CPU, does not allow it. */
  readonly isPinning: boolean;
  /** What goes before the command of a server, so that it has these CPUs and no others. */
  prefix(count: ServerCpus): readonly string[];
  /** Moves these processes, with all their threads, off the servers' CPUs; if none are left, they share them. */
  moveOff(count: ServerCpus, pids: readonly number[]): Promise<void>;
}

/** Nothing is kept on a CPU. */
export const sharedCpus: Cpus = { isPinning: false, prefix: () => [], moveOff: () => Promise.resolve() };

const run = promisify(execFile);

/** Finds the CPUs of this process. Programs are kept on CPUs by `taskset`, of Linux. */
export async function findCpus(): Promise<Cpus> {
  const ids = await allowedCpus();
  if (ids.length < 2) return sharedCpus;
  return {
    isPinning: true,
    prefix: (count) => ["taskset", "-c", ids.slice(0, count).join(",")],
    async moveOff(count, pids) {
      const rest = ids.slice(count);
      const list = (rest.length === 0 ? ids : rest).join(",");
      for (const pid of pids) await run("taskset", ["-a", "-c", "-p", list, String(pid)]);
    },
  };
}

/** Empty without `taskset`. */
async function allowedCpus(): Promise<number[]> {
  try {
    await run("taskset", ["--version"]);
    const status = await readFile("/proc/self/status", "utf8");
    return expand(/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? "");
  } catch {
    return [];
  }
}

/** `0-2,5` is 0, 1, 2 and 5. */
function expand(list: string): number[] {
  return list.split(",").flatMap((range) => {
    const [first = NaN, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

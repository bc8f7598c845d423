import { relative } from "node:path";
import type { TestsStream } from "node:test";

const listed = 10;

/**
 * Listens to a run of tests. Returns a function for the end of the run, which prints how long the run took and which
 * test files took longest. A file's time includes its waiting for the other files that ran at the same time.
 */
export function collectSlowestFiles(events: Pick<TestsStream, "on">): () => readonly string[] {
  const startedAt = performance.now();
  const files: { name: string; seconds: number }[] = [];
  events.on("test:summary", ({ file, duration_ms: took }) => {
    if (file !== undefined) files.push({ name: relative("", file), seconds: took / 1_000 });
  });
  return () => {
    const slowest = files.toSorted((a, b) => b.seconds - a.seconds).slice(0, listed);
    const total = Math.round((performance.now() - startedAt) / 1_000);
    return [
      `${files.length} test files in ${total} s; those that took longest:`,
      ...slowest.map(({ name, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${name}`),
    ];
  };
}

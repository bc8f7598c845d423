import type { TestsStream } from "node:test";

/**
 * Listens to a run of tests. Returns a function for the end of the run, which prints a line for each reason why tests
 * were skipped, with their number, so that a skipped test does not look as if it had passed.
 */
export function collectNotRun(events: Pick<TestsStream, "on">): () => readonly string[] {
  const counts = new Map<string, number>();
  events.on("test:pass", ({ skip, name }) => {
    if (skip === undefined || skip === false) return;
    const reason = typeof skip === "string" && skip !== "" ? skip : name;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  });
  return () => [...counts].map(([reason, count]) => `NOT RUN: ${count} ${count === 1 ? "test" : "tests"}: ${reason}`);
}

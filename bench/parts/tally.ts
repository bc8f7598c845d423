import { createHistogram } from "node:perf_hooks";
import type { LoadResult } from "./load.ts";

/** Counts answers and their times. */
export class Tally {
  readonly #times = createHistogram();
  readonly #firstBytes = createHistogram();
  readonly #overtaking = createHistogram();
  readonly #startedAt = performance.now();
  readonly #failures: Record<string, number> = {};
  #bytes = 0;

  /** The head of an answer has come. */
  begun(sentAt: number): void {
    this.#firstBytes.record(microseconds(sentAt));
  }

  received(bytes: number): void {
    this.#bytes += bytes;
  }

  /**
   * @param status 0 if there was no answer
   * @param answersMeanwhile how many answers came since the request, with this one
   */
  ended(sentAt: number, status: number, answersMeanwhile: number): void {
    this.#times.record(microseconds(sentAt));
    this.#overtaking.record(answersMeanwhile);
    if (status < 200 || status >= 400) this.#failures[status] = (this.#failures[status] ?? 0) + 1;
  }

  result(): LoadResult {
    const elapsedMs = performance.now() - this.#startedAt;
    const { count, max } = this.#times;
    return {
      answered: count,
      failures: { ...this.#failures },
      elapsedMs,
      perSecond: (count / elapsedMs) * 1000,
      bytesPerSecond: (this.#bytes / elapsedMs) * 1000,
      firstByteP50: this.#firstBytes.percentile(50) / 1000,
      p50: this.#times.percentile(50) / 1000,
      p99: this.#times.percentile(99) / 1000,
      max: max / 1000,
      answersMeanwhileP99: this.#overtaking.percentile(99),
    };
  }
}

function microseconds(since: number): number {
  return Math.max(1, Math.round((performance.now() - since) * 1000));
}

import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace-base";

/** Keeps the spans that end before their exporters are loaded, and passes them on. */
export interface HeldSpans extends SpanProcessor {
  passTo(next: readonly SpanProcessor[]): void;
}

/** Far more than the first requests of an instance have. */
const maxHeld = 2_048;

export function heldSpans(): HeldSpans {
  const held: ReadableSpan[] = [];
  let processors: readonly SpanProcessor[] | undefined;
  const all = async (act: (processor: SpanProcessor) => Promise<void>) => {
    await Promise.all((processors ?? []).map(act));
  };
  return {
    onStart: () => undefined,
    onEnd(span) {
      if (processors !== undefined) for (const each of processors) each.onEnd(span);
      else if (held.length < maxHeld) held.push(span);
    },
    passTo(next) {
      processors = next;
      for (const span of held.splice(0)) for (const each of next) each.onEnd(span);
    },
    forceFlush: async () => all((each) => each.forceFlush()),
    shutdown: async () => all((each) => each.shutdown()),
  };
}

/** An event as the app logged it. */
export type LoggedEvent = Readonly<Record<string, unknown>>;

/**
 * The events in a log, in their order, whatever the host has put before and behind them. A host may break lines, too: the
 * break and the blanks after it are no part of the event.
 */
export function eventsIn(log: string, name?: string): LoggedEvent[] {
  const found: LoggedEvent[] = [];
  for (let at = log.indexOf(start); at >= 0; at = log.indexOf(start, at + 1)) {
    const text = objectAt(log, at);
    if (text !== undefined) found.push(JSON.parse(text.replaceAll(/\r?\n\s*/g, "")) as LoggedEvent);
  }
  return found.filter(({ event }) => name === undefined || event === name);
}

const start = '{"event":';

/** A JSON object's text, from its brace to the one that closes it; `undefined` when nothing does. */
function objectAt(text: string, from: number): string | undefined {
  let depth = 0;
  let inString = false;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (inString && character === "\\") at += 1;
    else if (character === '"') inString = !inString;
    else if (!inString && character === "{") depth += 1;
    else if (!inString && character === "}") depth -= 1;
    if (depth === 0) return text.slice(from, at + 1);
  }
  return undefined;
}

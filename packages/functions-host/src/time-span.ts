/**
 * Milliseconds of a time span as host.json spells it, such as `00:01:00` or `1.12:00:00` (days first).
 * @returns `undefined` for anything else.
 */
export function parseTimeSpan(text: unknown): number | undefined {
  const parts = typeof text === "string" ? timeSpan.exec(text) : null;
  if (parts === null) return undefined;
  const [, days = "0", hours = "0", minutes = "0", seconds = "0"] = parts;
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

const timeSpan = /^(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,7})?)$/;

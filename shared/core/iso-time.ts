/** A date and a time of day with its zone (RFC 3339 section 5.6, the seconds may be left out). */
const format = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/i;

/** A date stands for its beginning in UTC. */
export function isoDateOrTime(text: string | undefined): string | undefined {
  return isoTime(text !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
}

/** The same moment in UTC, to the millisecond; undefined if `text` is no such time. */
export function isoTime(text: string | undefined): string | undefined {
  const time = text !== undefined && format.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

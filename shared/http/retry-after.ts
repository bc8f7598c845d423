const longestPauseMs = 60 * 60_000;

/**
 * How long an answer asks its client to wait (Retry-After, RFC 9110 section 10.2.3), in milliseconds and at most an hour. A
 * date is compared with the answer's own `Date`, or with this machine's time if it has none.
 * @returns 0 if the answer does not ask
 */
export function retryAfterMs({ headers }: { readonly headers: Headers }): number {
  const value = headers.get("retry-after") ?? "";
  const asked = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - dateOf(headers);
  return asked > 0 ? Math.min(asked, longestPauseMs) : 0;
}

function dateOf(headers: Headers): number {
  const date = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(date) ? Date.now() : date;
}

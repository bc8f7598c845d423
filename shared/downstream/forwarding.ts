/** What of a browser's request an API gets to see. Neither cookies nor credentials nor where the page came from. */
const requestHeaders = [
  "accept",
  "accept-language",
  "consistencylevel",
  "content-type",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "prefer",
  "range",
];

/** What of an API's answer the browser gets to see. */
const responseHeaders = [
  "content-disposition",
  "content-language",
  "content-range",
  "content-type",
  "etag",
  "last-modified",
  "location",
  "preference-applied",
  "request-id",
  "retry-after",
];

export function forwardedRequestHeaders(headers: Headers): Headers {
  return pick(headers, requestHeaders);
}

export function forwardedResponseHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(pick(headers, responseHeaders));
}

function pick(headers: Headers, names: readonly string[]): Headers {
  const picked = new Headers();
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null && /^[\x20-\x7e\t]*$/.test(value)) picked.set(name, value);
  }
  return picked;
}

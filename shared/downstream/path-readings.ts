/** What a path cannot contain, however often it is decoded: control characters, and backslashes, which many read as slashes. */
const forbidden = /[^ -~\x80-\xff]|\\/;
/** With a semicolon too: some servers take what follows it for parameters of the segment. */
const dotSegment = /(?:^|\/)\.{1,2}(?:[/;]|$)/;
/** A server may decode once more than it should, and so may another one behind it. */
const maxReadings = 4;

/**
 * Whether a server could take a path, which goes behind a base URL, for one outside of it or on another host: as it is written,
 * or decoded once or several times.
 */
export function leadsElsewhere(path: string): boolean {
  if (/[^!-~]|[#?\\]|%2e/i.test(path)) return true;
  let reading = path;
  for (let times = 0; times < maxReadings; times++) {
    if (reading.startsWith("/") || forbidden.test(reading) || dotSegment.test(reading)) return true;
    const decoded = decodedOnce(reading);
    if (decoded === reading) return false;
    reading = decoded;
  }
  return true;
}

/** Bytes as characters: only ASCII matters here. */
function decodedOnce(path: string): string {
  return path.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

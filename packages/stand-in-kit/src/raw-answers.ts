/** An HTTP/1.1 answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; repeated headers are repeated here. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Header lines as they were sent. */
  readonly lines: readonly string[];
  readonly bytes: Buffer;
  /** As UTF-8. */
  readonly body: string;
}

export interface ParseOptions {
  /** The first answer is to a HEAD request: whatever its headers say, no body follows. */
  readonly head?: boolean;
  /** The connection has ended, so an answer with neither a length nor chunks is complete. */
  readonly ended?: boolean;
}

/**
 * Reads answers from the beginning of `data`, without interim ones (1xx) (RFC 9112 section 6.3).
 * @returns the complete answers, and how many bytes are left after them
 * @throws {SyntaxError} for what is not an HTTP/1.1 answer
 */
export function parseAnswers(
  data: Buffer,
  { head = false, ended = false }: ParseOptions = {},
): { readonly answers: RawAnswer[]; readonly rest: number } {
  const answers: RawAnswer[] = [];
  let at = 0;
  while (at < data.length) {
    const headEnd = data.indexOf("\r\n\r\n", at);
    if (headEnd < 0) break;
    const { status, lines, headers } = parseHead(data.toString("latin1", at, headEnd));
    const isHead = head && answers.length === 0;
    const body = readBody(data, headEnd + 4, isHead || hasNoBody(status) ? [["content-length", "0"]] : headers, ended);
    if (body === undefined) break;
    if (status >= 200) answers.push({ status, headers, lines, bytes: body.bytes, body: body.bytes.toString("utf8") });
    at = body.end;
  }
  return { answers, rest: data.length - at };
}

/** The only answer of a connection that has ended. */
export function onlyAnswer(data: Buffer, options: ParseOptions = {}): RawAnswer {
  const { answers, rest } = parseAnswers(data, { ...options, ended: true });
  const [answer] = answers;
  if (answer === undefined || answers.length > 1 || rest > 0) {
    throw new SyntaxError(`Not one answer but ${answers.length}, and ${rest} bytes: ${data.toString("latin1")}`);
  }
  return answer;
}

export function headerOf(answer: RawAnswer, name: string): string | undefined {
  return answer.headers.find(([known]) => known === name)?.[1];
}

function parseHead(text: string): Pick<RawAnswer, "status" | "headers" | "lines"> {
  const [first = "", ...lines] = text.split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1] ?? Number.NaN);
  if (Number.isNaN(status)) throw new SyntaxError(`Not a status line: ${first}`);
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    if (colon <= 0) throw new SyntaxError(`Not a header line: ${line}`);
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return { status, headers, lines };
}

function hasNoBody(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/**
 * The body of a message whose head has been read (RFC 9112 section 6.3): by chunks, by its length or, if the connection has
 * ended, whatever is left.
 * @returns undefined if it is not complete yet
 */
export function readBody(
  data: Buffer,
  start: number,
  headers: RawAnswer["headers"],
  ended: boolean,
): { bytes: Buffer; end: number } | undefined {
  const named = new Map(headers);
  if (/\bchunked$/i.test(named.get("transfer-encoding") ?? "")) return readChunks(data, start);
  const length = named.get("content-length");
  if (length === undefined) return ended ? { bytes: data.subarray(start), end: data.length } : undefined;
  const end = start + Number(length);
  return end > data.length ? undefined : { bytes: data.subarray(start, end), end };
}

// RFC 9112 section 7.1: each chunk has its size in front, the last one is empty, then come trailers and an empty line.
function readChunks(data: Buffer, start: number): { bytes: Buffer; end: number } | undefined {
  const chunks: Buffer[] = [];
  for (let at = start; ;) {
    const lineEnd = data.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(data.toString("latin1", at, lineEnd), 16);
    if (Number.isNaN(size)) throw new SyntaxError("Not the size of a chunk");
    if (size === 0) {
      const end = trailersEnd(data, lineEnd + 2);
      return end === undefined ? undefined : { bytes: Buffer.concat(chunks), end };
    }
    const chunkEnd = lineEnd + 2 + size;
    if (chunkEnd + 2 > data.length) return undefined;
    chunks.push(data.subarray(lineEnd + 2, chunkEnd));
    at = chunkEnd + 2;
  }
}

function trailersEnd(data: Buffer, start: number): number | undefined {
  if (data.toString("latin1", start, start + 2) === "\r\n") return start + 2;
  const end = data.indexOf("\r\n\r\n", start);
  return end < 0 ? undefined : end + 4;
}

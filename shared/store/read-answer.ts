import type { HttpAnswer } from "./http-get.ts";
import type { ReadDocument } from "./read-documents.ts";

/** What the app uses of the SDK's answer to a read. */
export interface ReadAnswer {
  readonly statusCode: number;
  readonly substatus?: number | undefined;
  /** Undefined if there is no such document. */
  readonly resource?: Readonly<Record<string, unknown>> | undefined;
  readonly etag: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Too many requests (429). It has the members of the SDK's error. */
export class BusyError extends Error {
  readonly code = 429;
  readonly headers: HttpAnswer["headers"];
  readonly retryAfterInMs: number;

  constructor(headers: HttpAnswer["headers"]) {
    super("The store has too many requests");
    this.headers = headers;
    this.retryAfterInMs = Number(headers["x-ms-retry-after-ms"]);
  }
}

/**
 * What the SDK would make of the answer to a read.
 * @param asked the document of which the read asked whether it has changed. If it has not (304), the answer has no body
 * @returns undefined for whatever the SDK has more to do about
 * @throws {BusyError}
 * @throws {SyntaxError} for a document that is not JSON
 */
export function readAnswerOf(
  { status, headers, body }: HttpAnswer,
  asked: ReadDocument | undefined,
): ReadAnswer | undefined {
  if (status === 429) throw new BusyError(headers);
  if (status === 304) return asked && { statusCode: status, ...asked, headers };
  // A substatus says that the 404 is about something else: the container, or a replica that is behind.
  const isMissing = status === 404 && Number(headers["x-ms-substatus"] ?? 0) === 0;
  if (status !== 200 && !isMissing) return undefined;
  const document = isMissing ? {} : { resource: JSON.parse(body) as Record<string, unknown> };
  return { statusCode: status, ...document, etag: headers.etag ?? "", headers };
}

import type { HttpResponseInit } from "@azure/functions";
import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { ProblemError } from "../core/errors.ts";
import { inertType } from "../http/fetch-metadata.ts";
import { mediaTypeOf, textOf } from "../http/field-values.ts";
import { fieldsForBrowser } from "../http/forwarded-fields.ts";
import type { ResolvedSession } from "../session/resolve.ts";
import { readBody, streamBody, tooLarge } from "./body.ts";
import { fieldOf, type ApiAnswer, type Field } from "./exchange.ts";
import { markedAnswer } from "./private-caching.ts";

/** What an API's answer is an answer to. */
export interface AnsweredCall {
  readonly api: DownstreamApiConfiguration;
  readonly session: ResolvedSession | undefined;
  /** The URL that was called. */
  readonly target: URL;
  /** The browser's request. */
  readonly request: { readonly method: string; readonly headers: Headers };
  /** Whether the body goes on as a stream. Otherwise it is read to its end, because the Functions host takes no streams. */
  readonly streaming: boolean;
}

/**
 * An API's answer as it goes to the browser.
 * @throws {ProblemError} `answer_too_large` or `streaming_off` before the body is read; as {@link readBody}
 */
export async function browserAnswer(answer: ApiAnswer, call: AnsweredCall): Promise<HttpResponseInit> {
  const headers = answerFields(answer, call);
  const body = await bodyOf(answer, call);
  return { status: answer.status, headers, ...(body !== undefined && { body }) };
}

function answerFields(
  answer: ApiAnswer,
  { api, session, target, request: { headers: asked } }: AnsweredCall,
): Record<string, string> {
  const fields = fieldsForBrowser(withLocations(answer.fields, api, target));
  const type = fields["content-type"];
  const caching = fieldOf(answer, "cache-control");
  return {
    ...fields,
    ...(type !== undefined && { "content-type": inertType(asked, type) }),
    ...(session !== undefined && api.caching === "private" && markedAnswer(session, caching, fields)),
    ...lengthField(answer),
  };
}

/** The length of the body, or of that of a GET. Without it, browsers show no progress of a download. */
function lengthField(answer: ApiAnswer): Record<string, string> {
  const value = fieldOf(answer, "content-length");
  const hasNone = answer.status === 204 || answer.status === 205;
  return value === null || hasNone ? {} : { "content-length": value };
}

/**
 * The fields of an API's answer, with `Location` and `Content-Location` (RFC 9110 sections 10.2.2 and 8.7) as the browser has
 * to read them. A value that is not a URL is left out.
 * @param target the URL that was called, to which relative references are relative
 */
export function withLocations(fields: readonly Field[], api: DownstreamApiConfiguration, target: URL): Field[] {
  return fields.flatMap(([name, value]): Field[] => {
    if (name !== "location" && name !== "content-location") return [[name, value]];
    const location = locationForBrowser(api, target, textOf(value));
    return location === undefined ? [] : [[name, location]];
  });
}

/**
 * A location below the API's base URL becomes an address of `/api/{name}/…`. Any other becomes absolute, because a browser
 * would read a relative one as an address of this app.
 */
function locationForBrowser(
  { publicPath, baseUrl }: DownstreamApiConfiguration,
  target: URL,
  value: string,
): string | undefined {
  const url = URL.parse(value, target.href);
  if (!url) return undefined;
  const base = new URL(`${baseUrl}/`);
  const isBelow = url.origin === base.origin && `${url.pathname}/`.startsWith(base.pathname);
  if (!isBelow || url.username !== "" || url.password !== "") return url.href;
  return `${publicPath}/${url.pathname.slice(base.pathname.length)}${url.search}${url.hash}`;
}

/** Above that, an answer would cost more memory than an instance has to spare for one call. */
const largestInMemory = 32 * 1_048_576;

async function bodyOf(
  answer: ApiAnswer,
  { api, request, streaming }: AnsweredCall,
): Promise<Buffer | ReadableStream<Uint8Array> | undefined> {
  const { status, body, ended } = answer;
  const limits = { idleMs: api.idleTimeoutSeconds * 1_000, ended };
  if (request.method === "HEAD" || status === 204 || status === 205 || status === 304) {
    body.resume();
    return undefined;
  }
  if (streaming) return streamBody(body, limits);
  try {
    refuseWithoutStreams(answer);
    return await readBody(body, limits, largestInMemory);
  } finally {
    body.destroy();
  }
}

function refuseWithoutStreams(answer: ApiAnswer): void {
  if (mediaTypeOf(fieldOf(answer, "content-type")) === "text/event-stream") {
    const detail = "The API answers with a stream of events. Whoever runs this app can turn on Http__Streaming.";
    throw new ProblemError("streaming_off", detail);
  }
  if (Number(fieldOf(answer, "content-length") ?? 0) > largestInMemory) throw tooLarge(largestInMemory);
}

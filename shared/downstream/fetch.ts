import { pipeline } from "node:stream";
import { createBrotliDecompress, createGunzip } from "node:zlib";
import type { App } from "../app/app.ts";
import { asciiLowerCase } from "../core/encoding.ts";
import { ownProblemField } from "../http/withheld-fields.ts";
import { streamBody, type BodyLimits } from "./body.ts";
import { callApi } from "./call.ts";
import { fieldOf, type ApiAnswer, type ApiRequest } from "./exchange.ts";
import type { DownstreamInit } from "./request-init.ts";
import type { TokenRequest } from "./token-request.ts";

/** {@link callApi} with the request and the answer of `fetch`, for the app's own functions. */
export async function fetchFromApi(
  app: App,
  request: TokenRequest,
  target: URL,
  init: DownstreamInit,
): Promise<Response> {
  const asked = await requestOf(init);
  const answer = await callApi(app, request, target, asked);
  const limits = { idleMs: request.api.idleTimeoutSeconds * 1_000, ended: answer.ended };
  return responseOf(answer, asked.method, init, limits);
}

/** Fields that HTTP sets, and cookies: a function may have copied a browser's, which are for this app. */
const reservedFields = ["connection", "content-length", "cookie", "expect", "host", "keep-alive", "te", "trailer"];
const framing = ["transfer-encoding", "upgrade"];

/** Sent unless the caller sets these fields. A caller that asks for other encodings has to decode them. */
const usual = { accept: "*/*", "accept-encoding": "gzip, br", "user-agent": "node" } as const;

/** The request that `fetch` would send. @throws {TypeError} for a method, a field or a body that `fetch` would refuse */
async function requestOf({ method = "GET", headers: given, body }: DownstreamInit): Promise<ApiRequest> {
  const headers = new Headers(given);
  for (const name of [...reservedFields, ...framing]) headers.delete(name);
  for (const [name, value] of Object.entries(usual)) if (!headers.has(name)) headers.set(name, value);
  const { method: normalized } = new Request("http://api.invalid", { method });
  if (body === undefined) return { method: normalized, headers: Object.fromEntries(headers) };
  if (normalized === "GET" || normalized === "HEAD") throw new TypeError(`A ${normalized} request has no body`);
  if (body instanceof ReadableStream) return { method: normalized, headers: Object.fromEntries(headers), body };
  const content = new Response(body);
  const type = content.headers.get("content-type");
  if (type !== null && !headers.has("content-type")) headers.set("content-type", type);
  const bytes = new Uint8Array(await content.arrayBuffer());
  headers.set("content-length", String(bytes.byteLength));
  return { method: normalized, headers: Object.fromEntries(headers), body: bytes };
}

/** The answer that `fetch` would give: decoded, unless the caller has set `Accept-Encoding`. */
function responseOf(
  answer: ApiAnswer,
  method: string,
  { headers: given }: DownstreamInit,
  limits: BodyLimits,
): Response {
  const { status, fields, body } = answer;
  if (method === "HEAD" || hasNoBody(status)) {
    body.resume();
    return new Response(null, { status, headers: headersOf(fields) });
  }
  const decoder = new Headers(given).has("accept-encoding")
    ? undefined
    : decoderOf(fieldOf(answer, "content-encoding"));
  if (!decoder) return new Response(streamBody(body, limits), { status, headers: headersOf(fields) });
  const headers = headersOf(fields.filter(([name]) => name !== "content-encoding" && name !== "content-length"));
  // An error reaches the reader through the decoder, which is then destroyed.
  const decoded = pipeline(body, decoder, () => undefined);
  return new Response(streamBody(decoded, limits), { status, headers });
}

function decoderOf(encoding: string | null) {
  const name = asciiLowerCase(encoding ?? "").trim();
  if (name === "gzip" || name === "x-gzip") return createGunzip();
  return name === "br" ? createBrotliDecompress() : undefined;
}

/** Without the field that marks the app's own problems: a function may hand on all of these. */
function headersOf(fields: ApiAnswer["fields"]): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) headers.append(name, value);
  headers.delete(ownProblemField);
  return headers;
}

function hasNoBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

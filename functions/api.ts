import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { requestedPath } from "../shared/downstream/target.ts";
import { ConditionError } from "../shared/core/errors.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { authenticated } from "../shared/pipeline/authenticated.ts";

const maxBodyBytes = 4 * 1024 * 1024;

/** `* /api/{api}/{*path}`: a downstream API, called with the account's token. */
export const api: FunctionDefinition = {
  name: "api",
  route: "api/{api}/{*path}",
  methods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
  handler: authenticated(
    async (request, session) => {
      const name = request.params["api"] ?? "";
      const { method } = request;
      const headers = forwardedRequestHeaders(request.headers);
      const body = await bodyOf(request);
      const init = { method, headers, ...(body && { body }) };
      return toResponse(await session.fetch(name, requestedPath(name, request.url), init));
    },
    // Some APIs change something by GET, and a link of another site must not make a signed-in person do that.
    { navigable: false },
  ),
};

async function bodyOf(request: HttpRequest): Promise<ArrayBuffer | undefined> {
  if (request.body === null && request.headers.has("transfer-encoding")) {
    // The Functions host drops such a body: what would reach the API is not what was sent.
    throw new ConditionError("length_required", "Send a Content-Length instead of chunks.");
  }
  if (request.method === "GET" || request.body === null) return undefined;
  const body = await request.arrayBuffer();
  if (body.byteLength > maxBodyBytes) throw new ConditionError("body_too_large", "At most 4 MiB can be passed on.");
  return body;
}

/** The API's answer as it came, but for headers that are not the browser's business. */
async function toResponse(response: Response): Promise<HttpResponseInit> {
  const body = new Uint8Array(await response.arrayBuffer());
  const headers = forwardedResponseHeaders(response.headers);
  // Of answers without a body (204, 304) the programming model refuses even an empty one.
  return { status: response.status, headers, ...(body.byteLength > 0 && { body }) };
}

/** Request headers forwarded to the API. Neither cookies nor credentials nor where the page came from. */
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

/** Headers of the API's answer forwarded to the browser. */
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

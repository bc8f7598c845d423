import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { refuseUnallowed } from "../shared/downstream/allowed.ts";
import { answerFields } from "../shared/downstream/answer-fields.ts";
import { readBody } from "../shared/downstream/body.ts";
import { callApi } from "../shared/downstream/call.ts";
import type { ApiAnswer, ApiRequest } from "../shared/downstream/exchange.ts";
import { unmarkedRequest } from "../shared/downstream/private-caching.ts";
import { configuredApi, requestedPath, targetUrl } from "../shared/downstream/target.ts";
import type { DownstreamApiConfiguration } from "../shared/configuration/downstream-apis.ts";
import { ProblemError } from "../shared/core/errors.ts";
import { refuseEmbedding } from "../shared/http/fetch-metadata.ts";
import { fieldsForApi, refuseUnkeptFraming } from "../shared/http/forwarded-fields.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { authenticated } from "../shared/pipeline/authenticated.ts";
import type { ResolvedSession } from "../shared/session/resolve.ts";

/** `* /api/{api}/{*path}`: a downstream API, called with the account's token. */
export const api: FunctionDefinition = {
  name: "api",
  route: "api/{api}/{*path}",
  methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
  handler: authenticated(
    async (request, { resolved: session }, context) => {
      refuseEmbedding(request.headers);
      refuseUnkeptFraming(request.headers);
      const called = configuredApi(context.app, request.params["api"] ?? "");
      const target = targetUrl(called, requestedPath(called, request));
      refuseUnallowed(called, request.method, target);
      const asked = await requestFor(called, session, request);
      const answer = await callApi(context.app, { ...context, session, api: called }, target, asked);
      return answerFor(answer, called, session, target, request);
    },
    // The call itself extends the session. Some APIs change something by GET, and a link on another site must not make a
    // signed-in person do that.
    { extendsSession: false, navigable: false },
  ),
};

async function requestFor(
  called: DownstreamApiConfiguration,
  session: ResolvedSession,
  request: HttpRequest,
): Promise<ApiRequest> {
  const headers = unmarkedRequest(called, session, fieldsForApi(request.headers));
  const body = await bodyOf(request, called.maxRequestBytes);
  if (!body) return { method: request.method, headers };
  return { method: request.method, headers: { ...headers, "content-length": String(body.byteLength) }, body };
}

async function bodyOf(request: HttpRequest, maxBytes: number): Promise<Uint8Array | undefined> {
  if (request.body === null && request.headers.has("transfer-encoding")) {
    // The Functions host drops such a body: what would reach the API is not what was sent.
    throw new ProblemError("length_required", "Send a Content-Length instead of chunks.");
  }
  if (request.body === null) return undefined;
  const body = new Uint8Array(await request.arrayBuffer());
  if (body.byteLength <= maxBytes) return body;
  throw new ProblemError("body_too_large", `At most ${maxBytes} bytes can be forwarded.`);
}

async function answerFor(
  answer: ApiAnswer,
  called: DownstreamApiConfiguration,
  session: ResolvedSession,
  target: URL,
  request: HttpRequest,
): Promise<HttpResponseInit> {
  const headers = answerFields(answer, called, session, target, request.headers);
  const body = await readBody(answer.body, called.idleTimeoutSeconds * 1_000);
  // Of answers without a body (204, 304) the programming model refuses even an empty one.
  return { status: answer.status, headers, ...(body.byteLength > 0 && { body }) };
}

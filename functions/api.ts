import type { HttpRequest } from "@azure/functions";
import { answerFields } from "../shared/downstream/answer-fields.ts";
import { readBody } from "../shared/downstream/body.ts";
import { callApi } from "../shared/downstream/call.ts";
import { unmarkedRequest } from "../shared/downstream/private-caching.ts";
import { requestedPath } from "../shared/downstream/requested-path.ts";
import { configuredApi, targetUrl } from "../shared/downstream/target.ts";
import { ConditionError } from "../shared/core/errors.ts";
import { refuseEmbedding } from "../shared/http/destination.ts";
import { fieldsForApi } from "../shared/http/forwarded-fields.ts";
import { refuseUnkeptFraming } from "../shared/http/framing.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { authenticated } from "../shared/pipeline/authenticated.ts";

const maxBodyBytes = 4 * 1024 * 1024;

/** `* /api/{api}/{*path}`: a downstream API, called with the account's token. */
export const api: FunctionDefinition = {
  name: "api",
  route: "api/{api}/{*path}",
  methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
  handler: authenticated(
    async (request, { resolved }, context) => {
      refuseEmbedding(request.headers);
      refuseUnkeptFraming(request.headers);
      const called = configuredApi(context.app, request.params["api"] ?? "");
      const target = targetUrl(called, requestedPath(called, request));
      const body = await bodyOf(request);
      const fields = unmarkedRequest(called, resolved, fieldsForApi(request.headers));
      const headers = { ...fields, ...(body && { "content-length": String(body.byteLength) }) };
      const asked = { method: request.method, headers, ...(body && { body }) };
      const { app, signal, telemetry } = context;
      const answer = await callApi(app, { session: resolved, api: called, signal, telemetry }, target, asked);
      const content = await readBody(answer.body, signal);
      const response = {
        status: answer.status,
        headers: answerFields(answer, called, resolved, target, request.headers),
      };
      // Of answers without a body (204, 304) the programming model refuses even an empty one.
      return content.byteLength > 0 ? { ...response, body: content } : response;
    },
    // The call itself extends the session. Some APIs change something by GET, and a link of another site must not make a
    // signed-in person do that.
    { extendsSession: false, navigable: false },
  ),
};

async function bodyOf(request: HttpRequest): Promise<Uint8Array | undefined> {
  if (request.body === null && request.headers.has("transfer-encoding")) {
    // The Functions host drops such a body: what would reach the API is not what was sent.
    throw new ConditionError("length_required", "Send a Content-Length instead of chunks.");
  }
  if (request.body === null) return undefined;
  const body = new Uint8Array(await request.arrayBuffer());
  if (body.byteLength > maxBodyBytes) throw new ConditionError("body_too_large", "At most 4 MiB can be passed on.");
  return body;
}

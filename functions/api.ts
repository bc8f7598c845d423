import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { readBody } from "../shared/downstream/body.ts";
import { callApi } from "../shared/downstream/call.ts";
import { fieldOf, type ApiAnswer } from "../shared/downstream/exchange.ts";
import { withLocations } from "../shared/downstream/location.ts";
import { requestedPath } from "../shared/downstream/requested-path.ts";
import { configuredApi, targetUrl } from "../shared/downstream/target.ts";
import type { DownstreamApiConfiguration } from "../shared/configuration/downstream-apis.ts";
import { ConditionError } from "../shared/core/errors.ts";
import { fieldsForApi, fieldsForBrowser } from "../shared/http/forwarded-fields.ts";
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
      refuseUnkeptFraming(request.headers);
      const called = configuredApi(context.app, request.params["api"] ?? "");
      const target = targetUrl(called, requestedPath(called, request));
      const body = await bodyOf(request);
      const headers = { ...fieldsForApi(request.headers), ...(body && { "content-length": String(body.byteLength) }) };
      const asked = { method: request.method, headers, ...(body && { body }) };
      return answerFor(await callApi(context.app, resolved, called, target, asked, context), called, target);
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

/** The API's answer as it came, but for fields that are not the browser's business. */
async function answerFor(
  answer: ApiAnswer,
  called: DownstreamApiConfiguration,
  target: URL,
): Promise<HttpResponseInit> {
  const { status, fields, body } = answer;
  const headers = { ...fieldsForBrowser(withLocations(fields, called, target)), ...length(answer) };
  const content = await readBody(body);
  // Of answers without a body (204, 304) the programming model refuses even an empty one.
  return { status, headers, ...(content.byteLength > 0 && { body: content }) };
}

/** Of what follows, or would follow on GET. Without it there is no progress of a download. */
function length(answer: ApiAnswer): Record<string, string> {
  const value = fieldOf(answer, "content-length");
  const hasNone = answer.status === 204 || answer.status === 205;
  return value === null || hasNone ? {} : { "content-length": value };
}

import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { browserAnswer } from "../shared/downstream/browser-answer.ts";
import { browserRequest } from "../shared/downstream/browser-request.ts";
import { callApi } from "../shared/downstream/call.ts";
import { configuredApi, isOpen, refuseUnallowed, requestedPath, targetUrl } from "../shared/downstream/target.ts";
import { refuseCrossSite, refuseEmbedding } from "../shared/http/fetch-metadata.ts";
import { refuseUnsupportedFraming } from "../shared/http/forwarded-fields.ts";
import type { FunctionDefinition, RequestContext } from "../shared/pipeline/handler.ts";
import { authenticated, requireRole, type AuthenticatedSession } from "../shared/pipeline/authenticated.ts";

/** `* /api/{api}/{*path}`: a downstream API, called with the token that its settings say. */
export const api: FunctionDefinition = {
  name: "api",
  route: "api/{api}/{*path}",
  methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
  async handler(request, context) {
    if (!isOpen(context.app, request.params["api"] ?? "")) return forSignedIn(request, context);
    refuseCrossSite(request, context.app.configuration.publicOrigin);
    return passOn(request, undefined, context);
  },
};

const forSignedIn = authenticated(passOn, {
  // The call itself extends the session.
  extendsSession: false,
  // Some APIs change something by GET, and a link on another site must not make a signed-in person do that.
  navigable: false,
});

async function passOn(
  request: HttpRequest,
  caller: AuthenticatedSession | undefined,
  context: RequestContext,
): Promise<HttpResponseInit> {
  refuseEmbedding(request.headers);
  refuseUnsupportedFraming(request.headers);
  const called = configuredApi(context.app, request.params["api"] ?? "");
  if (caller !== undefined) requireRole(caller.claims, called.roles);
  const target = targetUrl(called, requestedPath(called, request, context.app.configuration.hostPath));
  refuseUnallowed(called, request.method, target);
  const streaming = context.connection !== undefined;
  const session = caller?.resolved;
  const asked = await browserRequest(called, session, request, streaming);
  const answer = await callApi(context.app, { ...context, session, api: called }, target, asked);
  return browserAnswer(answer, { api: called, session, target, request, streaming });
}

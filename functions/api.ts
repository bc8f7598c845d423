import { browserAnswer } from "../shared/downstream/browser-answer.ts";
import { browserRequest } from "../shared/downstream/browser-request.ts";
import { callApi } from "../shared/downstream/call.ts";
import { configuredApi, refuseUnallowed, requestedPath, targetUrl } from "../shared/downstream/target.ts";
import { refuseEmbedding } from "../shared/http/fetch-metadata.ts";
import { refuseUnsupportedFraming } from "../shared/http/forwarded-fields.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { authenticated, requireRole } from "../shared/pipeline/authenticated.ts";

/** `* /api/{api}/{*path}`: a downstream API, called with the account's token. */
export const api: FunctionDefinition = {
  name: "api",
  route: "api/{api}/{*path}",
  methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
  handler: authenticated(
    async (request, { claims, resolved: session }, context) => {
      refuseEmbedding(request.headers);
      refuseUnsupportedFraming(request.headers);
      const called = configuredApi(context.app, request.params["api"] ?? "");
      requireRole(claims, called.roles);
      const target = targetUrl(called, requestedPath(called, request, context.app.configuration.hostPath));
      refuseUnallowed(called, request.method, target);
      const streaming = context.connection !== undefined;
      const asked = await browserRequest(called, session, request, streaming);
      const answer = await callApi(context.app, { ...context, session, api: called }, target, asked);
      return browserAnswer(answer, { api: called, session, target, request, streaming });
    },
    // The call itself extends the session. Some APIs change something by GET, and a link on another site must not make a
    // signed-in person do that.
    { extendsSession: false, navigable: false },
  ),
};

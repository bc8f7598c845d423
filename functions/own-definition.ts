import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { randomBase64Url } from "../shared/core/encoding.ts";
import { ProblemError } from "../shared/core/errors.ts";
import { mediaTypeOf } from "../shared/http/field-values.ts";
import { pagePolicy } from "../shared/http/page-policy.ts";
import { authenticated, requireRole } from "../shared/pipeline/authenticated.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import type { OwnFunction } from "./own-function.ts";

/** Defines an app's own function like those of this project. It gets only the public part of session and context. */
export function ownDefinition(name: string, own: OwnFunction): FunctionDefinition {
  const { route, methods, handler, roles, page = false, navigable, extendsSession } = own;
  return {
    name,
    route,
    methods,
    isPage: page,
    handler: authenticated(
      async (request, { claims, fetch, getToken }, { app, signal, invocation }) => {
        requireRole(claims, roles);
        const nonce = randomBase64Url(16);
        const given = { signal, invocation, nonce };
        const answer = await handler(withReadableBody(request), { claims, fetch, getToken }, given);
        return page ? withPagePolicy(answer, pagePolicy(app.contentPolicy, nonce)) : answer;
      },
      { ...(navigable !== undefined && { navigable }), ...(extendsSession !== undefined && { extendsSession }) },
    ),
  };
}

/** A policy of the function's own counts. */
function withPagePolicy(answer: HttpResponseInit, policy: string): HttpResponseInit {
  const headers = new Headers(answer.headers);
  const isHtml = mediaTypeOf(headers.get("content-type")) === "text/html";
  if (!isHtml || headers.has("content-security-policy")) return answer;
  headers.set("content-security-policy", policy);
  return { ...answer, headers };
}

/** Makes a body that cannot be read the caller's mistake: 400 `invalid_request` instead of 500. */
function withReadableBody(request: HttpRequest): HttpRequest {
  const [json, formData] = [request.json.bind(request), request.formData.bind(request)];
  return Object.assign(request, {
    json: async () => readAs("JSON", json),
    formData: async () => readAs("a form", formData),
  });
}

async function readAs<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new ProblemError("invalid_request", `The body cannot be read as ${what}.`, { cause });
  }
}

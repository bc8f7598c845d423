import type { HttpRequest } from "@azure/functions";
import { ProblemError } from "../shared/core/errors.ts";
import { authenticated, requireRole } from "../shared/pipeline/authenticated.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import type { OwnFunction } from "./own-function.ts";

/** Defines an app's own function like those of this project. It gets only the public part of session and context. */
export function ownDefinition(name: string, own: OwnFunction): FunctionDefinition {
  const { route, methods, handler, roles, navigable, extendsSession } = own;
  return {
    name,
    route,
    methods,
    handler: authenticated(
      async (request, { claims, fetch, getToken }, { signal, invocation }) => {
        requireRole(claims, roles);
        return handler(withReadableBody(request), { claims, fetch, getToken }, { signal, invocation });
      },
      { ...(navigable !== undefined && { navigable }), ...(extendsSession !== undefined && { extendsSession }) },
    ),
  };
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

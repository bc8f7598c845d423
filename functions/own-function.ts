import { HttpRequest, type HttpMethod, type HttpResponseInit, type InvocationContext } from "@azure/functions";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { ConditionError } from "../shared/core/errors.ts";
import { authenticated } from "../shared/pipeline/authenticated.ts";
import type { Session } from "../shared/pipeline/session.ts";

/** What a function of the app's own works with besides the request and the session. */
export interface OwnContext {
  /** Aborts when the request's time is up, after 8 s. Pass it to everything that the function waits for. */
  readonly signal: AbortSignal;
  /** The invocation as the programming model has it, with its log. Never log a token or personal data. */
  readonly invocation: InvocationContext;
}

/** A function of the app's own, for signed-in people and the app's own pages. */
export interface OwnFunction {
  /** Template of its address, as `app.http` takes it: `orders/{id}` is at `/orders/17`. */
  readonly route: string;
  /** GET must change nothing. Requests by every other method are taken from the app's own pages alone. */
  readonly methods: readonly HttpMethod[];
  /**
   * Runs only for a signed-in person; everybody else has got 401 `signin_required`. Let errors of `session` through: they are
   * answered as problem details (RFC 9457) or, for a person, as a page. Anything else that is thrown becomes 500
   * `internal_error`, and nobody is shown its message.
   */
  readonly handler: (
    request: HttpRequest,
    session: Session,
    context: OwnContext,
  ) => HttpResponseInit | Promise<HttpResponseInit>;
  /**
   * Whether a link in a mail or of another site may lead here, by GET and in a tab of its own. Default: true. False for a
   * GET that has effects.
   */
  readonly navigable?: boolean;
  /**
   * Whether the request counts as use of the session, so that it does not end by idleness. Default: true. False for what a
   * page asks by itself.
   */
  readonly extendsSession?: boolean;
}

/** An app's own function as those of this project are defined. It gets of session and context what is public, and no more. */
export function ownDefinition(name: string, own: OwnFunction): FunctionDefinition {
  const { route, methods, handler, navigable, extendsSession } = own;
  return {
    name,
    route,
    methods,
    handler: authenticated(
      async (request, { claims, fetch, getToken }, { signal, invocation }) =>
        handler(withReadableBody(request), { claims, fetch, getToken }, { signal, invocation }),
      { ...(navigable !== undefined && { navigable }), ...(extendsSession !== undefined && { extendsSession }) },
    ),
  };
}

/** A body that is not what the function reads it as is the caller's mistake: 400 `invalid_request` instead of 500. */
function withReadableBody(request: HttpRequest): HttpRequest {
  return Object.assign(request, {
    json: async () => readAs("JSON", () => HttpRequest.prototype.json.call(request)),
    formData: async () => readAs("a form", () => HttpRequest.prototype.formData.call(request)),
  });
}

async function readAs<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new ConditionError("invalid_request", `The body cannot be read as ${what}.`, { cause });
  }
}

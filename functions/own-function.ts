import type { HttpMethod, HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
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

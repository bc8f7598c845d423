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
  /** The route template, as `app.http` takes it: `orders/{id}` matches `/orders/17`. */
  readonly route: string;
  /** GET must change nothing. Requests by any other method are accepted only from the app's own pages. */
  readonly methods: readonly HttpMethod[];
  /**
   * Runs only for a signed-in person; everybody else gets 401 `signin_required`. Do not catch errors of `session`: a program
   * gets them as problem details (RFC 9457), and a person as a page. If anything else is thrown, the answer is 500
   * `internal_error`, and nobody is shown its message.
   */
  readonly handler: (
    request: HttpRequest,
    session: Session,
    context: OwnContext,
  ) => HttpResponseInit | Promise<HttpResponseInit>;
  /**
   * App roles of which the person must have one, as of their sign-in. Everybody else gets 403 `role_required`. Default: every
   * signed-in person may come.
   */
  readonly roles?: readonly string[];
  /**
   * Whether a link in a mail or on another site may lead here, by a GET that the browser opens in a tab. Default: true. False
   * for a GET that has effects.
   */
  readonly navigable?: boolean;
  /**
   * Whether the request counts as use of the session, which delays the idle timeout. Default: true. False for requests that a
   * page repeats by itself.
   */
  readonly extendsSession?: boolean;
}

import type { HttpMethod, HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import type { Session } from "../shared/pipeline/session.ts";

/** What a function of the app's own works with besides the request and the session. */
export interface OwnContext {
  /** Aborts when the request's time is up, after 8 s. Pass it to everything that the function waits for. */
  readonly signal: AbortSignal;
  /** The invocation as the programming model has it, with its log. Never log a token or personal data. */
  readonly invocation: InvocationContext;
  /** For `<script nonce>` and `<style nonce>` in a page of the function's (`page: true`): only what carries it runs. New each time. */
  readonly nonce: string;
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
   * Whether people open this address as a page. A person who has to sign in first, or once more because an API asks for it, is
   * taken to the sign-in and comes back here, query and fragment included; a program still gets 401. HTML gets a
   * Content-Security-Policy, unless the handler sets one. Default: false.
   */
  readonly page?: boolean;
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

/**
 * Every problem (RFC 9457) that an answer may report, by its `code`. The codes are part of the interface: clients decide by
 * them. `title` is for people: it says what happened, without internals.
 */
export const problemTypes = {
  invalid_request: { status: 400, title: "The request is not valid" },
  invalid_return_url: { status: 400, title: "The return URL is not a page of this app" },
  signin_unknown: { status: 400, title: "This sign-in has expired or was already used" },
  signin_cancelled: { status: 400, title: "Signing in was cancelled" },
  signin_refused: { status: 400, title: "The identity provider refused the sign-in" },
  signin_invalid: { status: 400, title: "The sign-in could not be verified" },
  admin_consent_required: { status: 403, title: "An administrator has to approve this app first" },
  account_not_assigned: { status: 403, title: "Your account is not assigned to this app" },
  cookies_blocked: { status: 400, title: "Your browser does not keep this app’s cookies" },
  clock_skew: { status: 503, title: "The clocks of this app and the identity provider differ" },
  signin_signed_out: { status: 403, title: "This sign-in was signed out before it was complete" },
  tenant_not_allowed: { status: 403, title: "Your organization has no access to this app" },
  signin_required: { status: 401, title: "Sign in again" },
  navigation_required: { status: 400, title: "This address works only when opened in a tab" },
  destination_not_allowed: { status: 403, title: "An API’s answer cannot be part of a page" },
  role_required: { status: 403, title: "You may not do this" },
  cross_site_request: { status: 403, title: "The request came from another site" },
  not_found: { status: 404, title: "There is nothing here" },
  issuer_unknown: { status: 400, title: "The sign-out came from an unknown issuer" },
  api_unknown: { status: 404, title: "There is no such API" },
  api_path_not_allowed: { status: 403, title: "This part of the API is not open" },
  api_path_invalid: { status: 400, title: "The path is not valid for this API" },
  method_not_allowed: { status: 405, title: "The API cannot be called with this method" },
  length_required: { status: 411, title: "The request must state the length of its body" },
  expectation_failed: { status: 417, title: "The request waits for an answer before it sends its body" },
  framing_unsupported: { status: 501, title: "The request needs something that this app does not support" },
  body_too_large: { status: 413, title: "The request body is too large" },
  api_unavailable: { status: 502, title: "The API could not be reached" },
  api_down: { status: 503, title: "The API does not answer at the moment" },
  answer_too_large: { status: 502, title: "The API’s answer is too large" },
  streaming_off: { status: 501, title: "Streaming is turned off in this app" },
  send_again: { status: 503, title: "The request has to be sent again" },
  client_gone: { status: 499, title: "Nobody is waiting for the answer" },
  api_timeout: { status: 504, title: "The API did not answer in time" },
  api_signin_required: { status: 403, title: "This API needs one more step from you" },
  api_not_permitted: { status: 403, title: "You have no access to this API" },
  api_refused_token: { status: 502, title: "The API did not accept the app's access token" },
  app_refused: { status: 502, title: "The identity provider did not accept this app" },
  identity_provider_unavailable: { status: 503, title: "The identity provider could not be reached" },
  store_unavailable: { status: 503, title: "The account store could not be reached" },
  signout_deferred: { status: 503, title: "You are being signed out" },
  signout_failed: { status: 503, title: "You could not be signed out" },
  session_unknown: { status: 404, title: "There is no such session" },
  token_invalid: { status: 401, title: "The access token is not valid" },
  too_many_requests: { status: 429, title: "Too many requests" },
  logout_token_invalid: { status: 400, title: "The logout token is not valid" },
  session_too_large: { status: 507, title: "Your session is too large to be stored" },
  store_contention: { status: 503, title: "The account is being changed by too many requests at once" },
  configuration_invalid: { status: 503, title: "The app is not configured" },
  app_incomplete: { status: 503, title: "A part of the app could not be loaded" },
  internal_error: { status: 500, title: "Something went wrong" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problemTypes;

/**
 * Ends a request with the problem of this code. `detail` reaches the caller: no secrets, no internals. In the browser,
 * `/assets/auth.js` throws a `ProblemError` of its own for such an answer.
 */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  /** Seconds after which it makes sense to try again, where that is known. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ProblemCode, detail: string, options?: ErrorOptions & { readonly retryAfterSeconds?: number }) {
    super(detail, options);
    this.name = "ProblemError";
    this.code = code;
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}

/**
 * The person has to sign in again.
 * `claims` is the claims challenge to pass to `/auth/login`, if there was one. `sessionEnded` says that the browser's cookie
 * opens no session any more, so the answer clears it.
 */
export class SignInRequiredError extends ProblemError {
  readonly claims: string | undefined;
  readonly api: string | undefined;
  readonly sessionEnded: boolean;

  constructor(detail: string, options: SignInRequiredOptions) {
    super("signin_required", detail, { cause: options.cause });
    this.name = "SignInRequiredError";
    this.claims = options.claims;
    this.api = options.api;
    this.sessionEnded = options.sessionEnded;
  }
}

interface SignInRequiredOptions {
  readonly claims?: string | undefined;
  /** The API that needs the sign-in, unless it is the first one: a sign-in asks for the first API's scopes by itself. */
  readonly api?: string | undefined;
  readonly sessionEnded: boolean;
  readonly cause?: unknown;
}

/**
 * The identity provider needs the person to do something for one API: to consent, or to take a step that a policy requires.
 * This is not `signin_required`: a sign-in that does not name the API changes nothing, and the same error would follow at once.
 */
export class ApiSignInRequiredError extends ProblemError {
  readonly api: string;

  constructor(api: string, cause: unknown) {
    super("api_signin_required", "The identity provider has to ask you before this API can be called.", { cause });
    this.name = "ApiSignInRequiredError";
    this.api = api;
  }
}

/** A file of the deployed package that is loaded only when it is needed is missing, or cannot be read. */
export class AppIncompleteError extends ProblemError {
  constructor(cause: unknown) {
    super("app_incomplete", "The people who run this app must publish it again.", { cause });
    this.name = "AppIncompleteError";
  }
}

/** The API's settings do not allow the request's method. */
export class MethodNotAllowedError extends ProblemError {
  /** For the `Allow` field (RFC 9110 section 15.5.6). */
  readonly allowed: readonly string[];

  constructor(allowed: readonly string[]) {
    super("method_not_allowed", `Use ${allowed.join(", ")}.`);
    this.name = "MethodNotAllowedError";
    this.allowed = allowed;
  }
}

/** The code that an answer reports for `error`; `internal_error` for any error that is not the project's own. */
export function problemCodeOf(error: unknown): ProblemCode {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === "string" && Object.hasOwn(problemTypes, code) ? (code as ProblemCode) : "internal_error";
}

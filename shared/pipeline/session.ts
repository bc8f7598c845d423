import type { SessionClaims } from "../identity/session-claims.ts";
import type { DownstreamInit } from "../downstream/request-init.ts";

/** The signed-in person, as a handler sees them. */
export interface Session {
  /** Who the person is, from the sign-in's verified ID token. Authorize by `tenantId` and `objectId`, never by `username`. */
  readonly claims: SessionClaims;
  /**
   * Calls a configured API with the token that its settings choose, by default an access token of the account.
   * @param api its name in the settings: `graph` for `DownstreamApis__graph__BaseUrl`
   * @param path below the base URL, with its query: `me/messages?$top=5`. Put values in with `encodeURIComponent`. An
   *   absolute URL below the base URL, such as an `@odata.nextLink`, is taken too
   * @returns the API's answer, whatever its status, decoded as `fetch` decodes it unless `init` has an `Accept-Encoding`;
   *   redirects are not followed
   * @throws {ProblemError} `api_unknown`, `api_path_invalid`, `api_timeout`, `api_unavailable`, `api_down`, `api_refused_token`
   * @throws {SignInRequiredError} when the session is gone, or the API or the identity provider needs the person to do
   *   something. Do not catch it: the browser gets 401 `signin_required`, with the claims challenge if there is one
   */
  readonly fetch: (api: string, path: string, init?: DownstreamInit) => Promise<Response>;
  /**
   * An access token for a configured API, for a library that calls it. Never send it to the browser, and do not keep it
   * longer than the request.
   * @param options.claims the claims of the API's claims challenge, as JSON, so decoded from base64: the token satisfies them,
   *   if that is possible without the person
   * @throws as `fetch`, before anything is sent
   * @throws {TypeError} for an API that is called without a token
   */
  readonly getToken: (api: string, options?: { readonly claims?: string }) => Promise<string>;
}

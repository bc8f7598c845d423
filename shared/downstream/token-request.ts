import type { Invocation } from "../app/app.ts";
import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import type { ResolvedSession } from "../session/resolve.ts";

/** A call of an API: without a session if its settings allow that, and then without a token. */
export interface ApiCallRequest extends Omit<TokenRequest, "session"> {
  readonly session: ResolvedSession | undefined;
}

/** A request for an access token, with the request's deadline (`signal`) and its log. */
export interface TokenRequest extends RenewalRequest {
  readonly api: DownstreamApiConfiguration;
}

/** What has to be known to renew an access token. */
export interface RenewalRequest extends Invocation {
  /** The session whose token is requested, with the tokens that the store had when it was read. */
  readonly session: ResolvedSession;
  /** The API that the token is for; its `scopes` are asked for. */
  readonly api: Pick<DownstreamApiConfiguration, "name" | "scopes">;
  /** The claims of the API's claims challenge, as JSON: the token has to satisfy them. */
  readonly claims?: string | undefined;
  /** Whether the token endpoint is asked even if there is a fresh token. */
  readonly revalidates?: boolean;
  /** Whether the write that stores the tokens counts as a use of the session. Default: true. */
  readonly isUse?: boolean;
}

import type { Invocation } from "../app/app.ts";
import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import type { ResolvedSession } from "../session/resolve.ts";

/** What a request needs an access token for, with the request's deadline (`signal`) and its log. */
export interface TokenRequest extends Invocation {
  /** Whose token, and the tokens that the store had when this session was read. */
  readonly session: ResolvedSession;
  /** The API that the token is for; its `scopes` are asked for. */
  readonly api: DownstreamApiConfiguration;
  /** The claims challenge that the API has answered with, as JSON: a token is asked for that meets it. */
  readonly claims?: string | undefined;
}

import type { Configuration } from "../configuration/configuration.ts";
import { settings } from "../configuration/settings.ts";
import { ProblemError } from "../core/errors.ts";
import { isFromOwnPage } from "../http/fetch-metadata.ts";
import { invalid, type SignInOptions } from "./authorization-request.ts";

/** Scopes of OpenID Connect itself, which every sign-in may request. */
const openIdScopes = ["openid", "profile", "email", "offline_access"];

/**
 * Refuses a sign-in that asks for more than usual, unless one of the app's own pages began it: a link on another site must not
 * choose what people are asked to consent to. Extra scopes must belong to a configured API, or be named by a setting.
 * @throws {ProblemError} `cross_site_request` or `invalid_request`
 */
export function refuseUnallowedExtras(
  { extraScopes, claims, prompt, api }: SignInOptions,
  request: { readonly headers: Headers },
  { azureAd, downstreamApis, publicOrigin }: Configuration,
): void {
  const extras = [
    ...(extraScopes.length > 0 ? ["scope"] : []),
    ...(claims !== null ? ["claims"] : []),
    ...(prompt === "consent" ? ["prompt=consent"] : []),
    ...(api !== undefined ? ["api"] : []),
  ];
  if (extras.length > 0 && !isFromOwnPage(request, publicOrigin)) {
    const detail = `Only a page of the app may request ${extras.join(", ")} in a sign-in.`;
    throw new ProblemError("cross_site_request", detail);
  }
  if (api !== undefined && !downstreamApis.has(api)) throw invalid("api", "the name of a configured API");
  const ofApis = [...downstreamApis.values()].flatMap(({ scopes }) => scopes);
  const allowed = new Set([...openIdScopes, ...ofApis, ...azureAd.extraScopes]);
  if (!extraScopes.every((scope) => allowed.has(scope))) {
    const detail = `The parameter scope has a scope that neither a configured API nor ${settings.extraScopes.name} names.`;
    throw new ProblemError("invalid_request", detail);
  }
}

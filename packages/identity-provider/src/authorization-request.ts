import { interactionPolicy, type Grant, type KoaContextWithOIDC } from "oidc-provider";
import { parseClaimsRequest } from "./claims-request.ts";
import { loginHint } from "./claims.ts";
import type { Person } from "./people.ts";
import { parseScopes } from "./resources.ts";
import { responseModePrefix } from "./authorization-response.ts";
import { findPerson, type Runtime } from "./runtime.ts";
import { findTenant, mayUse, type Tenant } from "./tenants.ts";

/** Parameters that oidc-provider must keep with the request although it does not know them. */
export const extraParameters = ["requested_scope", "requested_claims", "client_info"];

/**
 * Translates an Entra authorization request for oidc-provider, which sees only OpenID Connect scopes, our own response
 * modes, and no `claims` (its own check refuses a request for access token claims). The rest travels in parameters of
 * our own, which a caller cannot set.
 */
export function prepareAuthorizationRequest(ctx: KoaContextWithOIDC): void {
  const { scope, claims, response_mode: mode, id_token_hint: _ignored, ...rest } = ctx.query;
  // A repeated parameter is left unchanged, so that oidc-provider refuses it.
  if (Array.isArray(scope) || Array.isArray(mode)) return;
  for (const name of ["requested_scope", "requested_claims"]) delete rest[name];
  const requested = scope ?? "";
  ctx.query = {
    ...rest,
    scope: [...new Set(["openid", ...parseScopes(requested).oidc])].join(" "),
    requested_scope: requested,
    ...(typeof claims === "string" ? { requested_claims: claims } : {}),
    response_mode: `${responseModePrefix}${mode ?? "query"}`,
  };
}

/**
 * When the person must be asked: by oidc-provider's own rules, and by Entra's for hints, tenants and `select_account`.
 */
export function signInPolicy(runtime: Runtime): interactionPolicy.Prompt[] {
  const policy = interactionPolicy.base();
  const login = policy.get("login");
  if (login === undefined) throw new Error("oidc-provider has no login prompt any more");
  // Subjects are pairwise and made here, so oidc-provider cannot compare them.
  for (const reason of ["id_token_hint", "claims_id_token_sub_value"]) login.checks.remove(reason);
  login.checks.add(
    new interactionPolicy.Check("other_account", "another account is needed", "login_required", (ctx) =>
      needsOtherAccount(runtime, ctx),
    ),
  );
  policy.add(new interactionPolicy.Prompt({ name: "select_account", requestable: true }), 1);
  return policy;
}

/** The session's account is not the one hinted at, or does not belong to the tenant. */
function needsOtherAccount(runtime: Runtime, ctx: KoaContextWithOIDC): boolean {
  const person = findPerson(runtime, ctx.oidc.session?.accountId);
  if (person === undefined || ctx.oidc.result?.login !== undefined) return false;
  const hint = ctx.oidc.params?.["login_hint"];
  const hinted = typeof hint !== "string" || matchesHint(runtime, person, hint);
  return !hinted || !mayUse(tenantOfPath(runtime, ctx.originalUrl), person);
}

/** A `login_hint` or `logout_hint`: the claim of that name, or the user name. */
export function matchesHint({ keys }: Runtime, person: Person, hint: string): boolean {
  return hint === loginHint(keys, person) || hint.toLowerCase() === person.preferredUsername.toLowerCase();
}

/** The tenant of a tenant-first path. */
export function tenantOfPath(runtime: Runtime, path: string): Tenant {
  const tenant = findTenant(path.split("/")[1] ?? "", runtime.tenantIds);
  if (tenant === undefined) throw new Error("A path without a known tenant got past the routing");
  return tenant;
}

/**
 * Grants whatever is requested, once per authorization request, because consent is not the subject here. The grant
 * keeps the scopes of each resource, and oidc-provider passes the `claims` request on to code and refresh token.
 */
export async function grantRequestedScopes(ctx: KoaContextWithOIDC): Promise<Grant> {
  const { client, account, provider, params } = ctx.oidc;
  if (client === undefined || account === undefined) throw new Error("Scopes are granted to an app, by somebody");
  const grant = new provider.Grant({ clientId: client.clientId, accountId: account.accountId });
  const { oidc, resources } = parseScopes(stringParameter(params, "requested_scope"));
  grant.addOIDCScope(["openid", ...oidc]);
  for (const { resource, names } of resources) grant.addResourceScope(resource, [...names]);
  await grant.save();
  const claims = parseClaimsRequest(stringParameter(params, "requested_claims"));
  if (claims !== undefined) Object.assign(ctx.oidc.claims, { access_token: claims["access_token"] });
  return grant;
}

export function stringParameter(
  params: Readonly<Record<string, unknown>> | undefined,
  name: string,
): string | undefined {
  const value = params?.[name];
  return typeof value === "string" ? value : undefined;
}

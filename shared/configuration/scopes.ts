import { cloudOfGraph } from "./clouds.ts";

/** Scopes of the sign-in itself, which belong to no resource (OpenID Connect Core 1.0 sections 5.4 and 11). */
const ofTheSignIn = new Set(["openid", "profile", "email", "offline_access"]);

/** Application id of Microsoft Graph, in every cloud. */
export const graphAppId = "00000003-0000-0000-c000-000000000000";

/** The resources that `scopes` belong to, each once, in lower case. A token is for one resource. */
export function resourcesOf(scopes: readonly string[]): readonly string[] {
  const resources = scopes.filter((scope) => !isOfSignIn(scope)).map(resourceOf);
  return [...new Set(resources)];
}

/** Whether a scope is one of the sign-in itself. */
export function isOfSignIn(scope: string): boolean {
  return ofTheSignIn.has(scope.toLowerCase());
}

/** Everything before the last slash: `https://vault.azure.net/.default`, `api://orders/Orders.Read`. */
function resourceOf(scope: string): string {
  const resource = scope
    .slice(0, Math.max(scope.lastIndexOf("/"), 0))
    .replace(/\/+$/, "")
    .toLowerCase();
  return resource === "" || isGraph(resource) ? "graph" : resource;
}

/** Whether a scope's resource is Microsoft Graph, of whichever cloud. A scope without a resource is Graph's, too. */
export function isGraph(resource: string): boolean {
  return resource === graphAppId || cloudOfGraph(resource) !== undefined;
}

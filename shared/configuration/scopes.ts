/** Scopes of the sign-in itself, which belong to no resource (OpenID Connect Core 1.0 sections 5.4 and 11). */
const ofTheSignIn = new Set(["openid", "profile", "email", "offline_access"]);

/** Microsoft Graph's names in all clouds. A scope without a resource is Graph's. */
const graphs = new Set([
  "00000003-0000-0000-c000-000000000000",
  "https://graph.microsoft.com",
  "https://graph.microsoft.us",
  "https://dod-graph.microsoft.us",
  "https://microsoftgraph.chinacloudapi.cn",
]);

/** The resources that `scopes` belong to, each once, in lower case. A token is for one resource. */
export function resourcesOf(scopes: readonly string[]): readonly string[] {
  const resources = scopes.filter((scope) => !ofTheSignIn.has(scope.toLowerCase())).map(resourceOf);
  return [...new Set(resources)];
}

/** Everything before the last slash: `https://vault.azure.net/.default`, `api://orders/Orders.Read`. */
function resourceOf(scope: string): string {
  const resource = scope
    .slice(0, Math.max(scope.lastIndexOf("/"), 0))
    .replace(/\/+$/, "")
    .toLowerCase();
  return resource === "" || graphs.has(resource) ? "graph" : resource;
}

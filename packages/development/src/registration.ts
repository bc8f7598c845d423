import { randomUUID } from "node:crypto";
import { graphAppId, startGraph, type Graph } from "./graph/graph.ts";
import type { RegisteredApp } from "@entra-functions-bff/identity-provider";
import { parseScopes } from "@entra-functions-bff/identity-provider/resources";
import type { Settings } from "./settings.ts";

/**
 * A Microsoft Graph that shows the app as it is registered with the local identity provider. The registration bypasses
 * Graph's checks, because Microsoft Entra accepts only https Logout URLs.
 * @param secretExpires ISO 8601
 */
export async function startGraphFor(app: RegisteredApp, tenantId: string, secretExpires: string): Promise<Graph> {
  const graph = await startGraph({ port: 0, tenantId });
  const claims = app.optionalClaims ?? ["sid", "login_hint"];
  graph.directory.putApplication({
    appId: app.clientId,
    displayName: app.name,
    web: {
      redirectUris: [...app.redirectUris, ...app.postLogoutRedirectUris],
      homePageUrl: null,
      logoutUrl: app.frontChannelLogoutUri ?? null,
      implicitGrantSettings: { enableIdTokenIssuance: false, enableAccessTokenIssuance: false },
    },
    optionalClaims: {
      idToken: claims.map((name) => ({ name, source: null, essential: false, additionalProperties: [] })),
      accessToken: [],
      saml2Token: [],
    },
    passwordCredentials: [
      {
        keyId: randomUUID(),
        displayName: "local",
        startDateTime: new Date().toISOString(),
        endDateTime: secretExpires,
      },
    ],
  });
  consent(graph, app);
  return graph;
}

/** People may sign in to the app, and an administrator has consented to what it calls Microsoft Graph for. */
function consent({ directory }: Graph, { clientId, name }: RegisteredApp): void {
  const { id } = directory.putServicePrincipal({ appId: clientId, displayName: name });
  const api = [...directory.servicePrincipals.values()].find(({ appId }) => appId === graphAppId);
  if (api) directory.grant({ clientId: id, resourceId: api.id, scope: " openid profile offline_access User.Read" });
}

/** The app's local APIs, as if each were registered in the tenant with the scopes in `settings`, and consented to. */
export function registerApis({ directory }: Graph, { clientId }: Pick<RegisteredApp, "clientId">, settings: Settings) {
  const known = [...directory.servicePrincipals.values()];
  const app = known.find(({ appId }) => appId === clientId);
  const scopes = Object.entries(settings).filter(([name]) => name.endsWith("__Scopes"));
  for (const { resource, names } of parseScopes(scopes.map(([, value]) => value).join(" ")).resources) {
    if (known.some(({ servicePrincipalNames }) => servicePrincipalNames.includes(resource))) continue;
    const api = directory.putServicePrincipal({
      displayName: resource,
      servicePrincipalNames: [resource],
      oauth2PermissionScopes: names.map((value) => ({ id: randomUUID(), value, type: "User", isEnabled: true })),
    });
    if (app) directory.grant({ clientId: app.id, resourceId: api.id, scope: names.join(" ") });
  }
}

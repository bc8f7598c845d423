import type { KoaContextWithOIDC, Provider } from "oidc-provider";
import type { Runtime } from "./runtime.ts";
import { signToken } from "./signing.ts";
import { EntraTokenError } from "./token-errors.ts";
import { bodyParameter } from "./tokens.ts";
import { issuerOf } from "./tenants.ts";

/**
 * The client credentials grant (RFC 6749, section 4.4): a token for an app, without a person. As with Entra, the
 * request must have only `<resource>/.default`. The resource is the app itself, or one of `applicationPermissions`.
 */
export function registerAppTokenGrant(provider: Provider, runtime: Runtime): void {
  provider.registerGrantType(
    "client_credentials",
    async (ctx) => {
      ctx.body = await appToken(runtime, ctx);
    },
    ["scope"],
  );
}

async function appToken(runtime: Runtime, ctx: KoaContextWithOIDC) {
  const clientId = ctx.oidc.client?.clientId ?? "";
  const scope = bodyParameter(ctx, "scope") ?? "";
  const resource = /^(.+)\/\.default$/.exec(scope)?.[1];
  if (resource === undefined) {
    throw new EntraTokenError("invalid_scope", `The provided value for the input parameter scope is not valid.`, {
      code: 1002012,
    });
  }
  const isOwn = resource === clientId || resource === `api://${clientId}`;
  const roles = runtime.settings.applicationPermissions[resource];
  if (!isOwn && !roles) {
    const description = `The resource principal named ${resource} was not found in the tenant.`;
    throw new EntraTokenError("invalid_resource", description, { code: 500011 });
  }
  const lifetime = runtime.settings.accessTokenLifetimeSeconds;
  const now = Math.floor(Date.now() / 1000);
  const token = await signToken(runtime.keys, {
    aud: isOwn ? clientId : resource,
    ...(roles && { roles }),
    iss: issuerOf(runtime.addresses, runtime.tenantId),
    iat: now,
    nbf: now,
    exp: now + lifetime,
    azp: clientId,
    idtyp: "app",
    tid: runtime.tenantId,
    ver: "2.0",
  });
  runtime.issued.add(token);
  return { token_type: "Bearer", expires_in: lifetime, ext_expires_in: lifetime, access_token: token };
}

import { randomUUID } from "node:crypto";
import type { Provider, KoaContextWithOIDC } from "oidc-provider";
import { prepareAuthorizationRequest } from "./authorization-request.ts";
import { discoveryDocument, keySet } from "./discovery.ts";
import { serveAccount, serveEndSession } from "./end-session.ts";
import { errorPage } from "./pages/message-pages.ts";
import type { Endpoint } from "./request-log.ts";
import type { Runtime } from "./runtime.ts";
import { sendPage } from "./send-page.ts";
import { serveSignIn } from "./sign-in.ts";
import { findTenant, type Tenant } from "./tenants.ts";

/** oidc-provider's own paths, which follow the tenant. */
export const routes = {
  authorization: "/oauth2/v2.0/authorize",
  token: "/oauth2/v2.0/token",
  jwks: "/discovery/v2.0/keys",
};
const discoveryPath = "/v2.0/.well-known/openid-configuration";
const endSessionPath = "/oauth2/v2.0/logout";

/** Which endpoint a path belongs to, whatever its tenant. */
export function endpointOf(path: string): Endpoint {
  const { rest } = splitPath(path);
  if (rest === discoveryPath) return "discovery";
  if (rest === routes.jwks) return "jwks";
  if (rest === routes.token) return "token";
  if (rest === endSessionPath) return "end-session";
  return rest === routes.authorization || rest.startsWith(`${routes.authorization}/`) ? "authorize" : "page";
}

function splitPath(path: string): { segment: string; rest: string } {
  const slash = path.indexOf("/", 1);
  return slash === -1
    ? { segment: path.slice(1), rest: "" }
    : { segment: path.slice(1, slash), rest: path.slice(slash) };
}

/** Serves Entra's tenant-first paths and the provider's pages, and leaves the protocol itself to oidc-provider. */
export async function route(
  provider: Provider,
  runtime: Runtime,
  ctx: KoaContextWithOIDC,
  next: () => Promise<unknown>,
) {
  if ((await serveAccount(provider, runtime, ctx)) || (await serveSignIn(provider, runtime, ctx))) return;
  const { segment, rest } = splitPath(ctx.path);
  const tenant = findTenant(segment, runtime.tenantIds);
  if (tenant !== undefined) {
    await routeOfTenant(provider, runtime, ctx, tenant, rest, next);
  } else if (/^\/(v2\.0|oauth2|discovery)\//.test(rest)) {
    unknownTenant(ctx, segment);
  } else {
    sendPage(ctx, errorPage("There is no such page here."), 404);
  }
}

async function routeOfTenant(
  provider: Provider,
  runtime: Runtime,
  ctx: KoaContextWithOIDC,
  tenant: Tenant,
  rest: string,
  next: () => Promise<unknown>,
): Promise<void> {
  switch (endpointOf(ctx.path)) {
    case "discovery":
      ctx.body = {
        ...discoveryDocument(runtime.addresses, tenant),
        ...(runtime.settings.announceBackChannelLogout && { backchannel_logout_supported: true }),
      };
      return;
    case "jwks":
      ctx.body = keySet(runtime.addresses, tenant, runtime.keys);
      return;
    case "end-session":
      return serveEndSession(provider, runtime, ctx);
    case "authorize":
      if (rest === routes.authorization) prepareAuthorizationRequest(ctx);
      return mounted(ctx, rest, next);
    case "token":
      return mounted(ctx, rest, next);
    case "page":
      ctx.status = 501;
      ctx.body = { error: "not_implemented", error_description: `The local provider does not implement ${rest}.` };
  }
}

/** oidc-provider sees the path without its tenant, and builds URLs with it. */
async function mounted(ctx: KoaContextWithOIDC, rest: string, next: () => Promise<unknown>): Promise<void> {
  const { path } = ctx;
  ctx["mountPath"] = path.slice(0, path.length - rest.length);
  ctx.path = rest;
  try {
    await next();
  } finally {
    ctx.path = path;
  }
}

function unknownTenant(ctx: KoaContextWithOIDC, segment: string): void {
  ctx.status = 400;
  ctx.body = {
    error: "invalid_tenant",
    error_description: `AADSTS90002: Tenant '${segment}' not found. Check to make sure you have the correct tenant ID.`,
    error_codes: [90002],
    trace_id: randomUUID(),
    correlation_id: randomUUID(),
  };
}

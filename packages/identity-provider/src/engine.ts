import { errors, Provider, type Configuration } from "oidc-provider";
import { registerAppTokenGrant } from "./app-token-grant.ts";
import { adapterFor } from "./adapters.ts";
import { extraParameters, grantRequestedScopes, signInPolicy } from "./authorization-request.ts";
import { registerResponseModes } from "./authorization-response.ts";
import { useEntraBehaviour } from "./middleware.ts";
import { errorPage } from "./pages/message-pages.ts";
import { registerRefreshGrant } from "./refresh-grant.ts";
import { routes } from "./routing.ts";
import { findPerson, type Runtime } from "./runtime.ts";
import { sendPage } from "./send-page.ts";
import { signInPath } from "./sign-in.ts";
import { issuerOf } from "./tenants.ts";
import { tokenErrorBody } from "./token-errors.ts";

const minute = 60;
const day = 24 * 60 * minute;

/** oidc-provider, which does what every provider does, and around it what only Entra does. */
export function createEngine(runtime: Runtime): Provider {
  const provider = new Provider(issuerOf(runtime.addresses, runtime.tenantId), configuration(runtime));
  useEntraBehaviour(provider, runtime);
  registerResponseModes(provider, runtime);
  registerRefreshGrant(provider, runtime);
  registerAppTokenGrant(provider, runtime);
  provider.on("grant.error", (ctx, error) => {
    ctx.body = tokenErrorBody(ctx, error);
  });
  provider.on("server_error", (ctx, error) => {
    if (!ctx.res.destroyed) console.error("Local identity provider:", error);
  });
  // Koa would print a stack trace for every client that hangs up.
  provider.silent = true;
  return provider;
}

function configuration(runtime: Runtime): Configuration {
  return {
    adapter: adapterFor(runtime),
    jwks: { keys: [runtime.keys.signingKey()] },
    routes,
    clientAuthMethods: ["client_secret_post", "client_secret_basic", "private_key_jwt"],
    scopes: ["openid", "profile", "email", "offline_access"],
    responseTypes: ["code"],
    extraParams: extraParameters,
    pkce: { required: () => false },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      resourceIndicators: { enabled: false },
      userinfo: { enabled: false },
    },
    interactions: { policy: signInPolicy(runtime), url: (_ctx, { uid }) => signInPath(uid) },
    findAccount: (_ctx, id) => {
      const person = findPerson(runtime, id);
      return person === undefined ? undefined : { accountId: id, claims: () => ({ sub: id }) };
    },
    loadExistingGrant: grantRequestedScopes,
    issueRefreshToken: async (ctx) =>
      ctx.oidc.entities.Grant?.getOIDCScope().split(" ").includes("offline_access") ?? false,
    expiresWithSession: () => false,
    revokeGrantPolicy: () => false,
    renderError: (ctx, out, error) => {
      const [message, detail] = explain(error);
      sendPage(ctx, errorPage(message, detail ?? out.error_description), ctx.status);
    },
    cookies: cookies(runtime),
    ttl: {
      AccessToken: 60 * minute,
      AuthorizationCode: 10 * minute,
      IdToken: 60 * minute,
      Interaction: 60 * minute,
      RefreshToken: 90 * day,
      Grant: 3650 * day,
      Session: 14 * day,
    },
  };
}

/** Cookies of a host are shared between its ports, so the names must be unique. */
function cookies({ keys, addresses }: Runtime): NonNullable<Configuration["cookies"]> {
  const { port } = new URL(addresses.publicUrl);
  const named = (name: string) => `local_idp_${name}_${port}`;
  return {
    names: { session: named("session"), interaction: named("signin"), resume: named("resume") },
    keys: [keys.cookieKey],
    long: { httpOnly: true, sameSite: "lax" },
    short: { httpOnly: true, sameSite: "lax" },
  };
}

/** Errors that must not be sent to the redirect URI of the request, because that is the problem. */
function explain(error: Error): [message: string, detail?: string] {
  if (error instanceof errors.InvalidClient) {
    return [
      "The app is not registered here.",
      "AADSTS700016: Application with that identifier was not found in the directory.",
    ];
  }
  if (error instanceof errors.InvalidRedirectUri) {
    return [
      "The app named a redirect URI that is not registered for it.",
      "AADSTS50011: The redirect URI specified in the request does not match the redirect URIs configured for the application.",
    ];
  }
  if (error instanceof errors.SessionNotFound) {
    return ["This sign-in has expired or is already finished. Go back to the app and start again."];
  }
  return ["The request could not be answered."];
}

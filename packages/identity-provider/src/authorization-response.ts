import type { Provider, KoaContextWithOIDC } from "oidc-provider";
import { parseClaimsRequest, satisfies } from "./claims-request.ts";
import { clientInfo, sessionId } from "./claims.ts";
import { formPostPage } from "./pages/message-pages.ts";
import { findPerson, type Runtime } from "./runtime.ts";
import { sendPage } from "./send-page.ts";

/** oidc-provider's own response modes cannot be replaced, so ours have other names inside it. */
export const responseModePrefix = "entra_";

type Parameters = Record<string, string>;
type Payload = Readonly<Record<string, unknown>>;

/** Answers authorization requests as Entra does, errors included (OAuth 2.0 Multiple Response Types, section 2.1). */
export function registerResponseModes(provider: Provider, runtime: Runtime): void {
  const register = (
    mode: string,
    send: (ctx: KoaContextWithOIDC, redirectUri: string, parameters: Parameters) => void,
  ) =>
    provider.registerResponseMode(`${responseModePrefix}${mode}`, (ctx, redirectUri, payload) => {
      send(ctx, redirectUri, "error" in payload ? errorParameters(payload) : successParameters(runtime, ctx, payload));
    });
  register("query", (ctx, redirectUri, parameters) => {
    const url = new URL(redirectUri);
    for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value);
    redirect(ctx, url.href);
  });
  register("fragment", (ctx, redirectUri, parameters) => {
    redirect(ctx, `${redirectUri}#${new URLSearchParams(parameters).toString()}`);
  });
  register("form_post", (ctx, redirectUri, parameters) => sendPage(ctx, formPostPage(redirectUri, parameters)));
}

function redirect(ctx: KoaContextWithOIDC, url: string): void {
  ctx.status = 303;
  ctx.redirect(url);
}

/** `code`, `state` and what Entra adds; no `iss` (RFC 9207), which Entra does not send. */
function successParameters(runtime: Runtime, ctx: KoaContextWithOIDC, payload: Payload): Parameters {
  const code = String(payload["code"]);
  const person = findPerson(runtime, ctx.oidc.session?.accountId);
  runtime.issued.add(code);
  meetChallenge(runtime, ctx);
  return {
    code,
    ...(ctx.oidc.params?.["client_info"] === "1" && person !== undefined ? { client_info: clientInfo(person) } : {}),
    ...(typeof payload["state"] === "string" ? { state: payload["state"] } : {}),
    ...(runtime.settings.includeSessionState ? { session_state: sessionId(ctx.oidc.session?.uid ?? "") } : {}),
  };
}

/** A sign-in that requests the claims of a challenge ends the challenge. */
function meetChallenge(runtime: Runtime, ctx: KoaContextWithOIDC): void {
  const accountId = ctx.oidc.session?.accountId ?? "";
  const challenge = parseClaimsRequest(runtime.challenges.get(accountId));
  const requested = parseClaimsRequest(ctx.oidc.params?.["requested_claims"]);
  if (challenge !== undefined && satisfies(requested, challenge)) runtime.challenges.delete(accountId);
}

const entraErrors: Readonly<Record<string, { code: number; description: string }>> = {
  login_required: { code: 50058, description: "A silent sign-in request was sent but no user is signed in." },
  interaction_required: { code: 50058, description: "A silent sign-in request was sent but interaction is required." },
  account_selection_required: { code: 16000, description: "Select an account to continue." },
  consent_required: { code: 65001, description: "The user has not consented to use the application." },
  access_denied: { code: 65004, description: "User declined to consent to access the app." },
  unsupported_response_type: { code: 700054, description: "That response_type is not enabled for the application." },
};

function errorParameters(payload: Payload): Parameters {
  const { error, error_description: reason } = payload;
  const name = typeof error === "string" ? error : "server_error";
  const known = entraErrors[name];
  const { code, description } = known ?? { code: 900144, description: typeof reason === "string" ? reason : name };
  return {
    error: name,
    ...(name === "access_denied" ? { error_subcode: "cancel" } : {}),
    error_description: `AADSTS${code}: ${description}`,
    ...(typeof payload["state"] === "string" ? { state: payload["state"] } : {}),
  };
}

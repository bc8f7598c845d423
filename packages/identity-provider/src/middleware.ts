import type { Provider, KoaContextWithOIDC } from "oidc-provider";
import { strike } from "@entra-functions-bff/stand-in-kit/faults";
import { errorPage } from "./pages/message-pages.ts";
import type { Endpoint } from "./request-log.ts";
import { endpointOf, route } from "./routing.ts";
import type { RequestTarget, Runtime } from "./runtime.ts";
import { readBody, sendPage, setNeighbours } from "./send-page.ts";
import type { ClaimsRequest } from "./claims-request.ts";
import { tokenResponse } from "./tokens.ts";

type Next = () => Promise<unknown>;
const backEndEndpoints: ReadonlySet<Endpoint> = new Set(["discovery", "jwks", "token"]);

/** Adds Entra's behaviour around oidc-provider, from the outside in. */
export function useEntraBehaviour(provider: Provider, runtime: Runtime): void {
  const steps = [
    linkNeighbours.bind(undefined, runtime),
    catchErrors,
    checkOrigin.bind(undefined, runtime),
    observe.bind(undefined, runtime),
    redeemAsEntraDoes.bind(undefined, runtime),
    route.bind(undefined, provider, runtime),
  ];
  // oidc-provider adds `oidc` to the context on its own routes, which is where these steps look for it.
  for (const step of steps) provider.use(async (ctx, next) => step(ctx as KoaContextWithOIDC, next));
}

async function linkNeighbours({ neighbours }: Runtime, ctx: KoaContextWithOIDC, next: Next): Promise<void> {
  setNeighbours(ctx, neighbours);
  await next();
}

/** A fault of this provider is shown and printed; a caller's mistake is answered. */
async function catchErrors(ctx: KoaContextWithOIDC, next: Next): Promise<void> {
  try {
    await next();
  } catch (error) {
    const status = statusOf(error);
    // A caller that hung up sees no answer and is not a fault.
    if (ctx.res.destroyed) return;
    if (status >= 500) console.error("Local identity provider:", error);
    sendPage(
      ctx,
      errorPage(status >= 500 ? "The local identity provider failed." : "The request could not be read."),
      status,
    );
  }
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  return typeof status === "number" ? status : 500;
}

/**
 * Pages are served only at the public address, whatever name a browser used for this port, because cookies and the
 * apps' frame rules depend on it. The TLS listener serves back-end endpoints, and tokens are issued only over TLS.
 */
async function checkOrigin({ addresses }: Runtime, ctx: KoaContextWithOIDC, next: Next): Promise<void> {
  const isBackEnd = backEndEndpoints.has(endpointOf(ctx.path));
  if (ctx.secure && !isBackEnd) {
    sendPage(ctx, errorPage("Pages are served at the provider's public address.", addresses.publicUrl), 404);
  } else if (!ctx.secure && endpointOf(ctx.path) === "token") {
    ctx.status = 400;
    ctx.body = {
      error: "invalid_request",
      error_description: `Tokens are issued over TLS only, at ${addresses.instance}`,
    };
  } else if (!ctx.secure && !isBackEnd && ctx.host !== new URL(addresses.publicUrl).host) {
    ctx.status = 307;
    ctx.redirect(addresses.publicUrl + ctx.url);
  } else {
    await next();
  }
}

/** Logs the request, and lets tests hold it or make it fail. */
async function observe(runtime: Runtime, ctx: KoaContextWithOIDC, next: Next): Promise<void> {
  const endpoint = endpointOf(ctx.path);
  const { grantType, clientId } = endpoint === "token" ? await peekAtTokenRequest(ctx) : {};
  const matches = (when: "before" | "after") => (target: RequestTarget) =>
    target.endpoint === endpoint &&
    (target.grantType === undefined || target.grantType === grantType) &&
    (target.when ?? "before") === when;
  const answered = runtime.log.add({
    endpoint,
    method: ctx.method,
    path: ctx.path,
    at: Date.now(),
    ...(grantType === undefined ? {} : { grantType }),
    ...(clientId === undefined ? {} : { clientId }),
  });
  ctx.res.once("finish", () => answered(ctx.res.statusCode));
  await runtime.gates.pass(matches("before"));
  if (await fail(runtime, ctx, matches("before"))) return;
  await next();
  await runtime.gates.pass(matches("after"));
  await fail(runtime, ctx, matches("after"));
}

async function fail(
  runtime: Runtime,
  ctx: KoaContextWithOIDC,
  matches: (target: RequestTarget) => boolean,
): Promise<boolean> {
  const fault = runtime.faults.take(matches);
  if (fault === undefined) return false;
  const dealtWith = await strike(fault, ctx.req, ctx.res);
  if (dealtWith) ctx.respond = false;
  return dealtWith;
}

/**
 * Reads the body early, to know the grant before the request is served. It leaves the body readable for oidc-provider,
 * which would print a warning if the stream were consumed.
 */
async function peekAtTokenRequest(ctx: KoaContextWithOIDC): Promise<{ grantType?: string; clientId?: string }> {
  const body = await readBody(ctx);
  Object.defineProperty(ctx.req, "readable", { value: true });
  Object.defineProperty(ctx.req, "iterator", {
    value: async function* replay() {
      yield body;
    },
  });
  const form = new URLSearchParams(body.toString("utf8"));
  const grantType = form.get("grant_type");
  const clientId = form.get("client_id");
  return { ...(grantType === null ? {} : { grantType }), ...(clientId === null ? {} : { clientId }) };
}

/** oidc-provider checks and consumes the code; the tokens in the answer are Entra's. */
async function redeemAsEntraDoes(runtime: Runtime, ctx: KoaContextWithOIDC, next: Next): Promise<void> {
  await next();
  if (endpointOf(ctx.path) !== "token" || ctx.status !== 200) return;
  const { AuthorizationCode: code, Grant: grant, RefreshToken: refreshToken } = ctx.oidc.entities;
  if (code === undefined) return;
  ctx.body = await tokenResponse(runtime, ctx, {
    accountId: code.accountId ?? "",
    sessionUid: code.sessionUid ?? "",
    scope: code.scope ?? "",
    claims: code.claims as ClaimsRequest | undefined,
    nonce: code.nonce,
    authTime: code.authTime,
    granted: grant?.resources ?? {},
    refreshToken: refreshToken?.jti,
  });
}

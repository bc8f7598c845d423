import { compactVerify, createLocalJWKSet, decodeJwt } from "jose";
import type { Provider, KoaContextWithOIDC, Session } from "oidc-provider";
import { matchesHint } from "./authorization-request.ts";
import { currentSession, endBrowserSession, signedIn, type SignedIn } from "./browser-session.ts";
import { frontChannelPage, type ToldApp } from "./pages/front-channel-page.ts";
import { accountPage, signedOutPage, signOutPicker } from "./pages/sign-out-pages.ts";
import { errorPage } from "./pages/message-pages.ts";
import type { Runtime } from "./runtime.ts";
import { isOwnForm, readForm, sendPage } from "./send-page.ts";
import { issuerOf } from "./tenants.ts";

const signedOutPath = "/signedout";

/**
 * RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0, section 2) as Entra does it. If `logout_hint` names the
 * signed-in person, nobody is asked. The session ends here first; then the apps' Logout URLs are called; then the
 * browser goes to a registered `post_logout_redirect_uri`, or a page says that the person signed out.
 */
export async function serveEndSession(provider: Provider, runtime: Runtime, ctx: KoaContextWithOIDC): Promise<void> {
  const parameters = ctx.method === "POST" ? await readForm(ctx) : ctx.URL.searchParams;
  const destination = await afterSignOut(runtime, parameters);
  const session = await currentSession(provider, ctx);
  const current = signedIn(runtime, session);
  if (session === undefined || current === undefined) return go(ctx, destination.url);
  if (!isConfirmed(runtime, ctx, parameters, current)) {
    const { registered: continueTo, state } = destination;
    sendPage(ctx, signOutPicker({ person: current.person, action: ctx.path, continueTo, state }));
    return;
  }
  await endBrowserSession(provider, ctx, session);
  callApps(runtime, ctx, current, destination.url);
}

/** Serves the account page, and the sign-out that starts there; returns false for any other path. */
export async function serveAccount(provider: Provider, runtime: Runtime, ctx: KoaContextWithOIDC): Promise<boolean> {
  if (ctx.path === signedOutPath) {
    sendPage(ctx, signedOutPage());
    return true;
  }
  if (ctx.path !== "/" && ctx.path !== "/signout") return false;
  const session = await currentSession(provider, ctx);
  const current = signedIn(runtime, session);
  if (ctx.path === "/signout" && ctx.method === "POST") {
    await signOutHere(provider, runtime, ctx, session, current);
    return true;
  }
  const apps = current?.apps.map(({ name, redirectUris: [uri] }) => ({
    name,
    url: uri === undefined ? undefined : new URL(uri).origin,
  }));
  const account = current === undefined ? undefined : { person: current.person, apps: apps ?? [] };
  sendPage(ctx, accountPage(account, { mayHold: runtime.settings.holdSignOutPage }));
  return true;
}

async function signOutHere(
  provider: Provider,
  runtime: Runtime,
  ctx: KoaContextWithOIDC,
  session: Session | undefined,
  current: SignedIn | undefined,
): Promise<void> {
  if (!isOwnForm(ctx, runtime.addresses.publicUrl)) {
    sendPage(ctx, errorPage("Sign out from this provider's own page."), 403);
    return;
  }
  if (session === undefined || current === undefined) return go(ctx, signedOutPath);
  await endBrowserSession(provider, ctx, session);
  callApps(runtime, ctx, current, signedOutPath);
}

function isConfirmed(
  runtime: Runtime,
  ctx: KoaContextWithOIDC,
  parameters: URLSearchParams,
  current: SignedIn,
): boolean {
  const hint = parameters.get("logout_hint");
  if (hint !== null && matchesHint(runtime, current.person, hint)) return true;
  return ctx.method === "POST" && parameters.has("confirmed") && isOwnForm(ctx, runtime.addresses.publicUrl);
}

/** Front-channel logout. The session has already ended, so a reload of this page has nothing more to do. */
function callApps(
  { addresses, settings }: Runtime,
  ctx: KoaContextWithOIDC,
  { apps, sid, person }: SignedIn,
  continueTo: string,
) {
  const told = apps.map(({ name, frontChannelLogoutUri }): ToldApp => {
    if (frontChannelLogoutUri === undefined) return { name, logoutUrl: undefined };
    const url = new URL(frontChannelLogoutUri);
    if (settings.includeIssInFrontChannel) url.searchParams.set("iss", issuerOf(addresses, person.tid));
    url.searchParams.set("sid", sid);
    return { name, logoutUrl: url.href };
  });
  sendPage(ctx, frontChannelPage({ apps: told, continueTo, mayHold: settings.holdSignOutPage }));
}

interface Destination {
  readonly url: string;
  /** The app's own address, without `state`; undefined if the app named none, or one that is not registered. */
  readonly registered: string | undefined;
  readonly state: string | undefined;
}

/** Where to go afterwards. Without an `id_token_hint`, the address may be any app's, as with Entra. */
async function afterSignOut(runtime: Runtime, parameters: URLSearchParams): Promise<Destination> {
  const asked = parameters.get("post_logout_redirect_uri");
  const state = parameters.get("state") ?? undefined;
  const clientId =
    (await audienceOf(runtime, parameters.get("id_token_hint"))) ?? parameters.get("client_id") ?? undefined;
  const apps = runtime.applications.all().filter((app) => clientId === undefined || app.clientId === clientId);
  if (asked === null || !apps.some(({ postLogoutRedirectUris }) => postLogoutRedirectUris.includes(asked))) {
    return { url: signedOutPath, registered: undefined, state };
  }
  const url = new URL(asked);
  if (state !== undefined) url.searchParams.set("state", state);
  return { url: url.href, registered: asked, state };
}

/** The app to which an ID token of ours was issued, expired or not; an unknown app's id if the token is not ours. */
async function audienceOf({ keys }: Runtime, idToken: string | null): Promise<string | undefined> {
  if (idToken === null) return undefined;
  try {
    await compactVerify(idToken, createLocalJWKSet(keys.publicKeys()));
    const { aud } = decodeJwt(idToken);
    return typeof aud === "string" ? aud : "";
  } catch {
    return "";
  }
}

function go(ctx: KoaContextWithOIDC, url: string): void {
  ctx.status = 303;
  ctx.redirect(url);
}

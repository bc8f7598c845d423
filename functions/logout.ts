import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { randomBase64Url } from "../shared/encoding.ts";
import { refuseCrossSite } from "../shared/http/cross-site.ts";
import type { FunctionDefinition, RequestContext, SignOutContext } from "../shared/http/handler.ts";
import { html } from "../shared/http/html.ts";
import { lists } from "../shared/http/media-type.ts";
import { page } from "../shared/http/page.ts";
import { queryParameter } from "../shared/http/parameters.ts";
import { safeReturnUrl } from "../shared/http/return-url.ts";
import { originsOf } from "../shared/http/security-headers.ts";
import { endSessionUrl } from "../shared/identity/end-session.ts";
import { parseSessionCookie, sessionCookieName } from "../shared/session/cookie.ts";
import { sessionEnded, type ResolvedSession } from "../shared/session/resolve.ts";
import { clearingCookie, signOutByCookie } from "../shared/sign-out/by-cookie.ts";
import { keepReturnUrl } from "../shared/sign-out/return.ts";
import type { Reach } from "../shared/sign-out/sign-out.ts";

/** `GET /auth/logout`: asks. A link must not sign anyone out. */
export const logoutConfirmation: FunctionDefinition = {
  name: "logout-confirmation",
  route: "auth/logout",
  methods: ["GET"],
  async handler(request, { app, signal }) {
    const returnUrl = safeReturnUrl(queryParameter(request, "returnUrl", 8_192), app.configuration.publicBaseUrl);
    // Browsers hold a form to its policy across redirects, and this form's answer leads to the end-session endpoint.
    const metadata = await app.authority.metadata.get(signal).catch(() => undefined);
    const content = html`<p>You will be signed out of this app, and your account is removed from its token cache.</p>
      <form method="post" action="/auth/logout?returnUrl=${encodeURIComponent(returnUrl)}" class="actions">
        <button type="submit" class="button">Sign out</button>
        <a class="button secondary" href="${returnUrl}">Stay signed in</a>
      </form>`;
    return page(
      { title: "Sign out?", content },
      { formAction: [...originsOf(metadata?.endSessionEndpoint), ...signOutNeighbours(app.authority.environment)] },
    );
  },
};

/** Entra sends people with personal accounts on to the sign-out page of Microsoft's consumer service. */
function signOutNeighbours(environment: string): string[] {
  return environment === "login.microsoftonline.com" ? ["https://login.live.com"] : [];
}

/**
 * `POST /auth/logout`: signs the account out here first, then leads to the identity provider's end-session endpoint. With
 * the parameter `everywhere`, in every browser, whatever `SignOut__Scope` says.
 */
export const logout: FunctionDefinition = {
  name: "logout",
  route: "auth/logout",
  methods: ["POST"],
  signsOut: true,
  async handler(request, context) {
    const { publicBaseUrl } = context.app.configuration;
    refuseCrossSite(request, publicBaseUrl);
    const returnUrl = safeReturnUrl(queryParameter(request, "returnUrl", 8_192), publicBaseUrl);
    if (!context.cookies.has(sessionCookieName)) {
      return notSignedIn(request, `${publicBaseUrl}/auth/signed-out`);
    }
    const everywhere = queryParameter(request, "everywhere") !== null;
    const session = await endSessionHere(context, everywhere ? "everywhere" : "scope");
    // A session that has ended by itself leaves the person signed in at the identity provider, which then asks whom to
    // sign out.
    const next = await nextStop(context, session?.secrets.claims.loginHint ?? null, returnUrl);
    return asksForJson(request) ? { jsonBody: { endSessionUrl: next } } : redirect(next);
  },
};

/** @returns the session that the cookie opened, if it opened one */
async function endSessionHere(context: SignOutContext, reach: Reach): Promise<ResolvedSession | undefined> {
  const { app, cookies } = context;
  const cookie = parseSessionCookie(cookies.read(sessionCookieName));
  if (cookie) return (await clearingCookie(cookies, signOutByCookie(app, cookie, reach, context))).session;
  cookies.clear(sessionCookieName);
  return undefined;
}

async function nextStop(context: RequestContext, loginHint: string | null, returnUrl: string): Promise<string> {
  const { app, cookies, signal } = context;
  const landing = `${app.configuration.publicBaseUrl}/auth/signed-out`;
  const state = randomBase64Url(16);
  const url = await endSessionUrl(app.authority, { loginHint, postLogoutRedirectUri: landing, state }, signal);
  if (url === undefined) return `${landing}?incomplete=1`;
  keepReturnUrl(cookies, state, returnUrl);
  return url;
}

function notSignedIn(request: HttpRequest, landing: string): HttpResponseInit {
  if (asksForJson(request)) throw sessionEnded();
  return redirect(landing);
}

function asksForJson(request: HttpRequest): boolean {
  return lists(request.headers.get("accept"), "application/json");
}

/** 303: what follows a POST is a GET (RFC 9110 section 15.4.4). */
function redirect(location: string): HttpResponseInit {
  return { status: 303, headers: { location } };
}

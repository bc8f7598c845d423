import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { randomBase64Url } from "../shared/core/encoding.ts";
import { isFromOwnPage, refuseCrossSite } from "../shared/http/fetch-metadata.ts";
import type { FunctionDefinition, RequestContext, SignOutContext } from "../shared/pipeline/handler.ts";
import { html } from "../shared/http/html.ts";
import { lists } from "../shared/http/field-values.ts";
import { page, wantsPage, type Site } from "../shared/http/page.ts";
import { queryParameter } from "../shared/http/parameters.ts";
import { safeReturnUrl } from "../shared/http/return-url.ts";
import { endSessionUrl } from "../shared/identity/end-session.ts";
import { forgetFinishedSignIns } from "../shared/sign-in/transaction.ts";
import { clearSessionCookie, parseSessionCookie, sessionCookieName } from "../shared/session/cookie.ts";
import { sessionEnded } from "../shared/session/ended.ts";
import type { ResolvedSession } from "../shared/session/resolve.ts";
import { clearingCookie, signOutByCookie } from "../shared/sign-out/by-cookie.ts";
import { keepReturnUrl } from "../shared/sign-out/return.ts";
import type { Reach } from "../shared/sign-out/by-person.ts";

/** `GET /auth/logout`: asks the person first, because a link must not sign anyone out. */
export const logoutConfirmation: FunctionDefinition = {
  name: "logout-confirmation",
  route: "auth/logout",
  methods: ["GET"],
  isStep: true,
  async handler(request, { app, site }) {
    const { publicBaseUrl, publicOrigin } = app.configuration;
    const returnUrl = safeReturnUrl(queryParameter(request, "returnUrl", 8_192), publicBaseUrl);
    // A link on another site must not choose where a click on this page leads: from here, a sign-in may ask for more.
    const stay = isFromOwnPage(request, publicOrigin) ? returnUrl : `${site.basePath}/`;
    const action = `${site.basePath}/auth/logout?returnUrl=${encodeURIComponent(returnUrl)}`;
    const { title, text, signOut, stay: staySignedIn } = site.texts.signOutQuestion;
    const content = html`<p>${text}</p>
      <form method="post" action="${action}" class="actions">
        <button type="submit" class="button">${signOut}</button>
        <a class="button secondary" href="${stay}">${staySignedIn}</a>
      </form>`;
    return page({ title, content }, site);
  },
};

/**
 * `POST /auth/logout`: signs the account out here first, then leads to the identity provider's end-session endpoint. With
 * the parameter `everywhere`, in every browser, whatever `SignOut__Scope` says.
 */
export const logout: FunctionDefinition = {
  name: "logout",
  route: "auth/logout",
  methods: ["POST"],
  isStep: true,
  signsOut: true,
  async handler(request, context) {
    const { publicBaseUrl, publicOrigin } = context.app.configuration;
    refuseCrossSite(request, publicOrigin);
    const returnUrl = safeReturnUrl(queryParameter(request, "returnUrl", 8_192), publicBaseUrl);
    context.setDestination(returnUrl, "signOut");
    forgetFinishedSignIns(context.cookies);
    if (!context.cookies.has(sessionCookieName)) {
      return notSignedIn(request, `${publicBaseUrl}/auth/signed-out`);
    }
    // The parameter counts with any value, and without one.
    const everywhere = new URL(request.url).searchParams.has("everywhere");
    const session = await endSessionHere(context, everywhere ? "everywhere" : "scope");
    // If the session had expired, the person may still be signed in at the identity provider, which then asks whom to sign out.
    const next = await nextStop(context, session?.secrets.claims.loginHint ?? null, returnUrl);
    if (asksForJson(request)) return { jsonBody: { endSessionUrl: next } };
    return wantsPage(request) ? goingOn(next, context.site) : redirect(next);
  },
};

/** @returns the session that the cookie opened, if it opened one */
async function endSessionHere(context: SignOutContext, reach: Reach): Promise<ResolvedSession | undefined> {
  const { app, cookies } = context;
  const cookie = parseSessionCookie(cookies.read(sessionCookieName));
  if (cookie) return (await clearingCookie(cookies, signOutByCookie(app, cookie, reach, context))).session;
  clearSessionCookie(cookies);
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

/**
 * A page that goes on by itself. It is not a redirect, because browsers apply the form's `form-action` policy to every
 * redirect, and the identity provider may send the browser on to origins that the app does not know.
 */
function goingOn(next: string, site: Site): HttpResponseInit {
  const { links, signingOut: texts } = site.texts;
  const content = html`<p>${texts.text}</p>
    <p class="actions"><a class="button" href="${next}">${links.goOn}</a></p>`;
  return page({ title: texts.title, content, goesTo: next }, site);
}

/** 303: what follows a POST is a GET (RFC 9110 section 15.4.4). */
function redirect(location: string): HttpResponseInit {
  return { status: 303, headers: { location } };
}

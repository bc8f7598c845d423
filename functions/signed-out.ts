import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { html } from "../shared/http/html.ts";
import { refusePrefetch } from "../shared/http/fetch-metadata.ts";
import { page } from "../shared/http/page.ts";
import { queryParameter } from "../shared/http/parameters.ts";
import { safeReturnUrl } from "../shared/http/return-url.ts";
import { parseSessionCookie, sessionCookieName } from "../shared/session/cookie.ts";
import { takeReturnUrl } from "../shared/sign-out/return.ts";

/** `GET /auth/signed-out`: the post-logout redirect URI. It leads to the return URL of the sign-out. */
export const signedOut: FunctionDefinition = {
  name: "signed-out",
  route: "auth/signed-out",
  methods: ["GET"],
  isStep: true,
  async handler(request, { app, cookies, site }) {
    refusePrefetch(request);
    const returnUrl = takeReturnUrl(cookies, queryParameter(request, "state") ?? "");
    if (returnUrl !== undefined) {
      // The address is checked again: a cookie is no safer than a parameter.
      return { status: 302, headers: { location: safeReturnUrl(returnUrl, app.configuration.publicBaseUrl) } };
    }
    // A person who follows a link to this page while signed in must not read that they are signed out.
    if (parseSessionCookie(cookies.read(sessionCookieName)))
      return { status: 302, headers: { location: `${site.basePath}/` } };
    const incomplete = queryParameter(request, "incomplete") !== null;
    const content = html`<p>This browser has no session with this app, and the app keeps no tokens for it.</p>
      ${incomplete ? html`<p>The identity provider could not be reached: you may still be signed in there.</p>` : undefined}
      <p class="actions"><a class="button" href="${site.basePath}/">Back to the app</a></p>`;
    return page({ title: "You are signed out", content }, site);
  },
};

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
    const { links, signedOut: texts } = site.texts;
    const isIncomplete = queryParameter(request, "incomplete") !== null;
    const content = html`<p>${texts.text}</p>
      ${isIncomplete ? html`<p>${texts.incomplete}</p>` : undefined}
      <p class="actions"><a class="button" href="${site.basePath}/">${links.home}</a></p>`;
    return page({ title: texts.title, content }, site);
  },
};

import { html } from "@entra-functions-bff/stand-in-kit/html";
import { originOf, type PageOptions } from "@entra-functions-bff/stand-in-kit/layout";

/** Tells a person what went wrong; `detail` is for the app's developer. */
export function errorPage(message: string, detail?: string): PageOptions {
  return {
    title: "Sorry, that did not work",
    body: html`<p>${message}</p>
      ${detail !== undefined && html`<p class="quiet"><code>${detail}</code></p>`}
      <p><a href="/">My account</a></p>`,
  };
}

/** Posts an authorization response to the app (OAuth 2.0 Form Post Response Mode, section 2). */
export function formPostPage(redirectUri: string, parameters: Readonly<Record<string, string>>): PageOptions {
  return {
    title: "Working on it",
    formTargets: [originOf(redirectUri)],
    script: "document.forms[0].submit();",
    body: html`<form method="post" action="${redirectUri}">
      ${Object.entries(parameters).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
      <noscript><button class="button">Continue</button></noscript>
    </form>`,
  };
}

import type { Person } from "../people.ts";
import { type Html, html } from "@entra-functions-bff/stand-in-kit/html";
import { originOf, renderPage, type RenderedPage } from "@entra-functions-bff/stand-in-kit/layout";
import { personCard } from "./sign-in-pages.ts";

/** How long the page waits for the apps' answers, in milliseconds. */
export const frontChannelPatienceMs = 2500;

/** Asks which account to sign out; shown if the app did not name one (`logout_hint`). */
export function signOutPicker(page: {
  readonly person: Person;
  readonly action: string;
  readonly continueTo: string | undefined;
  readonly state: string | undefined;
}): RenderedPage {
  const { person, action, continueTo, state } = page;
  return renderPage({
    title: "Pick an account",
    formTargets: continueTo === undefined ? [] : [originOf(continueTo)],
    body: html`<p>Which account do you want to sign out of?</p>
      <form method="post" action="${action}">
        <input type="hidden" name="confirmed" value="yes" />
        ${continueTo !== undefined && html`<input type="hidden" name="post_logout_redirect_uri" value="${continueTo}" />`}
        ${state !== undefined && html`<input type="hidden" name="state" value="${state}" />`}
        <ul>
          <li><button class="person">${personCard(person, "Signed in")}</button></li>
        </ul>
      </form>`,
  });
}

/**
 * Calls every app's Logout URL in a hidden iframe (OpenID Connect Front-Channel Logout 1.0, section 2), and continues
 * when all have answered or the time limit is reached. The provider's own session has ended before this page is sent.
 */
export function frontChannelPage(page: {
  readonly apps: readonly string[];
  readonly logoutUrls: readonly string[];
  readonly continueTo: string;
}): RenderedPage {
  const { apps, logoutUrls, continueTo } = page;
  return renderPage({
    title: "Signing you out",
    frames: [...new Set(logoutUrls.map(originOf))],
    refresh: { seconds: Math.ceil(frontChannelPatienceMs / 1000), url: continueTo },
    script: waitForFrames(continueTo),
    body: html`<p role="status">Hang on a moment: your apps are being told.</p>
      <ul class="plain">
        ${apps.map((name) => html`<li>${name}</li>`)}
      </ul>
      <p class="quiet"><a href="${continueTo}">Continue</a></p>
      ${logoutUrls.map((url) => html`<iframe src="${url}" title="Signing out" aria-hidden="true"></iframe>`)}`,
  });
}

export function signedOutPage(): RenderedPage {
  return renderPage({
    title: "You signed out of your account",
    body: html`<p>It's a good idea to close all browser windows.</p>
      <p><a href="/">My account</a></p>`,
  });
}

/** The window's load event waits for every iframe, including failed ones. */
function waitForFrames(continueTo: string): string {
  // "<" as an escape, so that no URL can end the script element.
  const target = JSON.stringify(continueTo).replaceAll("<", String.raw`\u003c`);
  return `
    const go = () => location.replace(${target});
    addEventListener("load", go, { once: true });
    setTimeout(go, ${frontChannelPatienceMs});
  `;
}

/** The account page at the provider's own origin: who is signed in, at which apps, and a button to sign out. */
export function accountPage(
  account: { readonly person: Person; readonly apps: readonly AppLink[] } | undefined,
): RenderedPage {
  if (account === undefined) {
    return renderPage({
      title: "My account",
      body: html`<p>Nobody is signed in with this browser.</p>
        <p class="quiet">Open one of the apps to sign in.</p>`,
    });
  }
  return renderPage({
    title: "My account",
    body: html`<div class="person">${personCard(account.person)}</div>
      <p>Signed in to:</p>
      <ul class="plain">
        ${account.apps.length === 0 ? html`<li class="quiet">no app yet</li>` : account.apps.map(appEntry)}
      </ul>
      <form method="post" action="/signout"><button class="button">Sign out everywhere</button></form>
      <p class="quiet">Signs this browser out here and in the apps above.</p>`,
  });
}

export interface AppLink {
  readonly name: string;
  readonly url: string | undefined;
}

function appEntry({ name, url }: AppLink): Html {
  return html`<li>${url === undefined ? name : html`<a href="${url}">${name}</a>`}</li>`;
}

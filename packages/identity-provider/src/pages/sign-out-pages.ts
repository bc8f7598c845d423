import type { Person } from "../people.ts";
import { type Html, html } from "@entra-functions-bff/stand-in-kit/html";
import { originOf, type PageOptions } from "@entra-functions-bff/stand-in-kit/layout";
import { holdChoice, holdScript } from "./hold-choice.ts";
import { personCard } from "./sign-in-pages.ts";

/** Asks which account to sign out; shown if the app did not name one (`logout_hint`). */
export function signOutPicker(page: {
  readonly person: Person;
  readonly action: string;
  readonly continueTo: string | undefined;
  readonly state: string | undefined;
}): PageOptions {
  const { person, action, continueTo, state } = page;
  return {
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
  };
}

export function signedOutPage(): PageOptions {
  return {
    title: "You signed out of your account",
    body: html`<p>It's a good idea to close all browser windows.</p>
      <p><a href="/">My account</a></p>`,
  };
}

/**
 * The account page at the provider's own origin: who is signed in, at which apps, and a button to sign out.
 * @param options `mayHold`: whether people can choose that the page that tells the apps of a sign-out waits for them
 */
export function accountPage(
  account: { readonly person: Person; readonly apps: readonly AppLink[] } | undefined,
  { mayHold }: { readonly mayHold: boolean },
): PageOptions {
  if (account === undefined) {
    return {
      title: "My account",
      body: html`<p>Nobody is signed in with this browser.</p>
        <p class="quiet">Open one of the apps to sign in.</p>`,
    };
  }
  return {
    title: "My account",
    ...(mayHold && { script: holdScript(mayHold) }),
    body: html`<div class="person">${personCard(account.person)}</div>
      <p>Signed in to:</p>
      <ul class="plain">
        ${account.apps.length === 0 ? html`<li class="quiet">no app yet</li>` : account.apps.map(appEntry)}
      </ul>
      <form method="post" action="/signout"><button class="button">Sign out everywhere</button></form>
      <p class="quiet">Signs this browser out here and in the apps above.</p>
      ${mayHold && holdChoice("Stop at the page that tells the apps")}`,
  };
}

export interface AppLink {
  readonly name: string;
  readonly url: string | undefined;
}

function appEntry({ name, url }: AppLink): Html {
  return html`<li>${url === undefined ? name : html`<a href="${url}">${name}</a>`}</li>`;
}

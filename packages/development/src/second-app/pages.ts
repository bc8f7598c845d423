import { html } from "@entra-functions-bff/stand-in-kit/html";
import type { PageOptions } from "@entra-functions-bff/stand-in-kit/layout";
import type { SignedInPerson } from "./oidc-client.ts";

const note = "A second app at the same local identity provider. It knows nothing of the first one.";

/** The app's only page: who is signed in, and the way in or out. */
export function homePage(product: string, person: SignedInPerson | undefined): PageOptions {
  const look = { product, note, isOtherApp: true };
  if (person === undefined) {
    return {
      ...look,
      title: "You are signed out",
      body: html`<p>If you are already signed in at the identity provider, you are not asked anything here.</p>
        <div class="actions"><a class="button" href="/sign-in">Sign in</a></div>`,
    };
  }
  return {
    ...look,
    title: `Hello, ${person.name}`,
    // The sign-out form leads to the identity provider, and browsers apply the policy to redirects of forms.
    formTargets: ["http://127.0.0.1:*"],
    body: html`<p class="quiet">Signed in as ${person.userName}</p>
      <p>Signing out here leads to the identity provider. Its page then calls every app that you are signed in to.</p>
      <form method="post" action="/sign-out" class="actions"><button class="button">Sign out</button></form>`,
  };
}

export function failurePage(product: string): PageOptions {
  return {
    product,
    note,
    isOtherApp: true,
    title: "Sorry, that did not work",
    body: html`<p><a href="/">Back to ${product}</a></p>`,
  };
}

import type { Person } from "../people.ts";
import { accountId } from "../people.ts";
import { type Html, html } from "@entra-functions-bff/stand-in-kit/html";
import { originOf, type PageOptions } from "@entra-functions-bff/stand-in-kit/layout";

interface SignInPage {
  readonly appName: string;
  /** Where the forms post to. */
  readonly action: string;
  /** The app's redirect URI, where the forms lead. */
  readonly redirectUri: string;
}

/** The account picker: one click signs in. `signedIn` is the account of this browser's session, if any. */
export function accountPicker(
  page: SignInPage & { readonly people: readonly Person[]; readonly signedIn: string | undefined },
): PageOptions {
  const button = (person: Person) =>
    html`<li>
      <button class="person" name="account" value="${accountId(person)}">
        ${personCard(person, accountId(person) === page.signedIn ? "Signed in" : undefined)}
      </button>
    </li>`;
  return {
    title: "Pick an account",
    formTargets: [originOf(page.redirectUri)],
    body: html`<p>to continue to <strong>${page.appName}</strong></p>
      <form method="post" action="${page.action}">
        <ul>
          ${page.people.map(button)}
        </ul>
        <p class="quiet">No password is needed here.</p>
        <div class="actions">${cancelButton()}</div>
      </form>`,
  };
}

/** Shown only when the app asks for it with `prompt=consent`. */
export function consentPage(
  page: SignInPage & { readonly person: Person | undefined; readonly scopes: readonly string[] },
): PageOptions {
  return {
    title: "Permissions requested",
    formTargets: [originOf(page.redirectUri)],
    body: html`<p><strong>${page.appName}</strong> would like to:</p>
      <ul class="plain">
        ${page.scopes.map((scope) => html`<li><code>${scope}</code></li>`)}
      </ul>
      ${page.person !== undefined && html`<p class="quiet">as ${page.person.preferredUsername}</p>`}
      <form method="post" action="${page.action}" class="actions">
        <button class="button" name="consent" value="accept">Accept</button>
        ${cancelButton()}
      </form>`,
  };
}

/** One person, as an avatar with name and user name. */
export function personCard(person: Person, remark?: string): Html {
  const initials = `${person.givenName.at(0) ?? ""}${person.surname.at(0) ?? ""}`;
  return html`<span class="avatar" aria-hidden="true">${initials}</span>
    <span
      >${person.name}<small>${person.preferredUsername}</small>${remark !== undefined && html`<small>${remark}</small>`}</span
    >`;
}

function cancelButton(): Html {
  return html`<button class="button secondary" name="cancel" value="yes">Cancel</button>`;
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { html } from "@entra-functions-bff/stand-in-kit/html";
import { renderPage } from "@entra-functions-bff/stand-in-kit/layout";
import type { UserDirectoryControls } from "./controls.ts";
import type { State } from "./state.ts";
import type { User } from "./users.ts";

const changes = { disable: "Disable", enable: "Enable", revoke: "Revoke sessions" } as const;
type Change = keyof typeof changes;

/** `/`: the users, for a person who wants to see what the app does about a change. Microsoft Graph has no such page. */
export async function servePage(
  state: State,
  controls: UserDirectoryControls,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method === "POST") {
    // Browsers send `Origin` with every post. Another site must not change anything.
    if (request.headers.origin !== state.url) return void response.writeHead(403).end();
    const form = new URLSearchParams(await text(request));
    const [change, id] = [form.get("change") ?? "", form.get("id") ?? ""];
    if (!isChange(change) || !state.users.all.has(id)) return void response.writeHead(400).end();
    controls[change](id);
    return void response.writeHead(303, { location: "/" }).end();
  }
  const { headers, html: page } = renderPage({
    title: "People of the directory",
    product: "Local directory",
    note: "A local stand-in for the users of Microsoft Graph. The identity provider does not know of these changes: people can sign in again.",
    body: html`${[...state.users.all.values()].map(userForm)}
      <p class="quiet">${subscribed(state.subscriptions.size)}</p>`,
  });
  response.writeHead(200, headers).end(page);
}

function userForm({ id, displayName, accountEnabled }: User) {
  const offered: readonly Change[] = accountEnabled ? ["disable", "revoke"] : ["enable"];
  return html`<form method="post" action="/">
    <p>${displayName}${!accountEnabled && " (disabled)"}</p>
    <input type="hidden" name="id" value="${id}" />
    <div class="actions">
      ${offered.map((change) => html`<button class="button secondary" name="change" value="${change}">${changes[change]}</button>`)}
    </div>
  </form>`;
}

function subscribed(count: number): string {
  return count === 0 ? "No app has subscribed yet." : "An app has subscribed, and is told of each change.";
}

function isChange(name: string): name is Change {
  return Object.hasOwn(changes, name);
}

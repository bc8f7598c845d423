/** The list of the account's sessions. */
import type { ListedSession } from "./auth.ts";
import { element, setBusy } from "./view.ts";
import { dayTime, showAgo } from "./time.ts";

interface Row {
  readonly item: HTMLLIElement;
  readonly lastUsed: HTMLElement;
}

const list = element("sessions");
const rows = new Map<string, Row>();

/**
 * Shows the sessions in the given order. Displayed ones stay where they are and keep the focus.
 * @param onEnd what the button next to another browser's session does
 */
export function showSessions(sessions: readonly ListedSession[], onEnd: (session: ListedSession) => void): void {
  const ids = new Set(sessions.map(({ id }) => id));
  for (const id of rows.keys()) if (!ids.has(id)) removeRow(id);
  sessions.forEach((session, index) => {
    const row = rows.get(session.id) ?? newRow(session, onEnd);
    rows.set(session.id, row);
    showAgo(row.lastUsed, new Date(session.lastSeenAt));
    if (list.children[index] !== row.item) list.insertBefore(row.item, list.children[index] ?? null);
  });
}

export function forgetSessions(): void {
  for (const id of rows.keys()) removeRow(id);
}

/** Marks the session's button as busy, or as ready again. */
export function setEnding(id: string, ending: boolean): void {
  const button = rows.get(id)?.item.querySelector("button");
  if (button) setBusy(button, ending);
}

function removeRow(id: string): void {
  const item = rows.get(id)?.item;
  const hadFocus = item?.contains(document.activeElement) === true;
  item?.remove();
  rows.delete(id);
  if (hadFocus) element("sessions-title").focus();
}

function newRow(session: ListedSession, onEnd: (session: ListedSession) => void): Row {
  const { userAgent, createdAt, current } = session;
  const name = create("p", "name", userAgent);
  const lastUsed = create("span", "");
  const lastUse = create("p", "muted", "Last used ");
  lastUse.append(lastUsed);
  const text = create("div", "");
  text.append(name, create("p", "muted", `Since ${dayTime(new Date(createdAt))}`), lastUse);
  const item = document.createElement("li");
  item.append(text, current ? create("span", "badge", "This browser") : endButton(session, onEnd));
  return { item, lastUsed };
}

function endButton(session: ListedSession, onEnd: (session: ListedSession) => void): HTMLButtonElement {
  const button = create("button", "button secondary small", "Sign out");
  button.type = "button";
  button.setAttribute("aria-label", `Sign out ${session.userAgent}, signed in ${dayTime(new Date(session.createdAt))}`);
  button.addEventListener("click", () => onEnd(session));
  return button;
}

function create<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  text = "",
): HTMLElementTagNameMap[Name] {
  const created = document.createElement(name);
  if (className !== "") created.className = className;
  created.textContent = text;
  return created;
}

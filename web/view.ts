/** What the page can show. Data from the server becomes text only, never markup. */
import type { Me } from "./auth.ts";
import { clockTime, dayTime, showAgo } from "./time.ts";

/** One of the page's states, mirrored in the `data-state` of the root element. */
export type State = "loading" | "signed-in" | "signed-out" | "error";

/** An error and a way to continue. It is shown at the top of the page, or in place of the API's answer. */
export interface ShownError {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly onAction: () => void;
  readonly code?: string | undefined;
  readonly status?: number | undefined;
  /** With it, support finds the error in the log. */
  readonly reference?: string | undefined;
}

const appName = document.title;
const titles: Record<State, string> = {
  loading: appName,
  "signed-in": `Signed in · ${appName}`,
  "signed-out": `Signed out · ${appName}`,
  error: `Error · ${appName}`,
};
const views = ["loading", "signed-in", "signed-out"] as const;

let onErrorAction: (() => void) | undefined;
element("error-action").addEventListener("click", actOnError);

/** The element of index.html with this id. Throws if there is none. */
export function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has no #${id}`);
  return found;
}

/** All elements of index.html that match. */
function all(selector: string): readonly HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(selector)];
}

export function isShown(state: State): boolean {
  return document.documentElement.dataset["state"] === state;
}

export function showLoading(title: string): void {
  element("loading-title").textContent = title;
  switchTo("loading");
}

export function showSignedIn({ account, session, signOut }: Me): void {
  for (const initials of all(".initials")) initials.textContent = initialsOf(account.name);
  element("account-name").textContent = account.name;
  element("account-username").textContent = account.username;
  setTime("created-at", session.createdAt);
  setTime("last-seen-at", session.lastSeenAt);
  setTime("idle-expires-at", session.idleExpiresAt);
  setTime("expires-at", session.expiresAt);
  // One button is enough if both do the same.
  element("everywhere-actions").hidden = signOut?.scope === "account";
  element("menu-sign-out").hidden = signOut?.scope === "account";
  element("everywhere-note").hidden = signOut?.scope !== "account";
  hideNotice();
  switchTo("signed-in");
}

/** Whether the plain "Sign out" ends every session of the account. */
export function endsEverywhere(): boolean {
  return !element("everywhere-note").hidden;
}

/** Shows the picture in place of the initials, which stay if it cannot be shown. `data-picture` has the outcome. */
export function showPicture(source: string | null): void {
  const settle = (hasPicture: boolean): void => {
    for (const picture of all(".picture")) picture.hidden = !hasPicture;
    element("portrait").dataset["picture"] = hasPicture ? "shown" : "none";
  };
  if (source === null) {
    settle(false);
    return;
  }
  const [first, ...others] = all(".picture");
  first?.addEventListener("load", () => settle(true), { once: true });
  first?.addEventListener("error", () => settle(false), { once: true });
  for (const picture of others) picture.setAttribute("src", source);
  first?.setAttribute("src", source);
}

function forgetPicture(): void {
  for (const picture of all(".picture")) {
    picture.removeAttribute("src");
    picture.hidden = true;
  }
  delete element("portrait").dataset["picture"];
}

export function showSignedOut(): void {
  forgetAccount();
  switchTo("signed-out");
}

/**
 * Removes from the display, in one step, everything that says who is signed in. Call `switchTo` with another state
 * afterwards.
 */
export function hideAccount(): void {
  for (const id of ["signed-in", "menu"]) element(id).hidden = true;
}

/** Empties everything that says who was signed in or what an API answered. */
export function forgetAccount(): void {
  for (const initials of all(".initials")) initials.textContent = "";
  for (const id of ["account-name", "account-username"]) element(id).textContent = "";
  for (const id of ["created-at", "last-seen-at", "idle-expires-at", "expires-at"]) setTime(id, "");
  forgetPicture();
  clearAnswer();
}

export interface Notice {
  readonly title: string;
  readonly text: string;
  /** The word before the elapsed time: "Noticed". */
  readonly when: string;
  readonly at: Date;
  /** The text after it. */
  readonly clock: string;
}

/** Says what happened, and when; stays until the next sign-in. */
export function showNotice({ title, text, when, at, clock }: Notice): void {
  element("notice-title").textContent = title;
  element("notice-text").textContent = text;
  element("notice-when").textContent = when;
  showAgo(element("notice-ago"), at);
  element("notice-clock").textContent = `, at ${clockTime(at)}. ${clock}`;
  element("notice").hidden = false;
  announce(`${title}. ${text}`);
}

function hideNotice(): void {
  element("notice").hidden = true;
}

/** Shows the error alone, in place of any view. */
export function showErrorPage(error: ShownError): void {
  showError(error, "page-error");
  switchTo("error");
}

export type ErrorPlace = "page-error" | "sessions-error" | "graph-error";

/** Shows the error within the current view. */
export function showError(error: ShownError, place: ErrorPlace): void {
  const panel = element("error");
  const action = element("error-action");
  const isNews = panel.hidden || isBusy(action) || element("error-title").textContent !== error.title;
  element("error-title").textContent = error.title;
  element("error-text").textContent = error.text;
  action.textContent = error.action;
  setBusy(action, false);
  element("error-code").textContent = error.code ?? "";
  element("error-status").textContent = error.status === undefined ? "" : String(error.status);
  element("error-reference").textContent = error.reference ?? "";
  element("error-details").hidden = error.code === undefined;
  onErrorAction = error.onAction;
  const home = element(place);
  // Moving an element takes the focus from it, so it is moved only if necessary.
  if (panel.parentElement !== home) home.append(panel);
  panel.hidden = false;
  if (isNews) announce(`${error.title}. ${error.text}`);
}

export function hideError(): void {
  const panel = element("error");
  const hadFocus = panel.contains(document.activeElement);
  panel.hidden = true;
  if (hadFocus) focusView();
}

/** The button stays busy until the error is shown again or gone. */
function actOnError(): void {
  const button = element("error-action");
  if (isBusy(button)) return;
  setBusy(button, true);
  announce(`${button.textContent}…`);
  onErrorAction?.();
}

/** Marks a control as busy. Unlike a disabled one, it stays focusable. */
export function setBusy(control: HTMLElement, busy: boolean): void {
  control.setAttribute("aria-disabled", String(busy));
}

export function isBusy(control: HTMLElement): boolean {
  return control.getAttribute("aria-disabled") === "true";
}

export function showTiming(text: string): void {
  element("graph-timing").textContent = text;
  announce(text);
}

export function showAnswer(text: string): void {
  const answer = element("graph-answer");
  answer.textContent = text;
  answer.hidden = text === "";
}

export function clearAnswer(): void {
  element("graph-timing").textContent = "";
  showAnswer("");
}

/** Makes screen readers say it, politely. */
export function announce(text: string): void {
  element("status").textContent = text;
}

function switchTo(state: State): void {
  if (isShown(state)) return;
  const hadFocus = [...views, "menu"].some((id) => element(id).contains(document.activeElement));
  for (const id of views) element(id).hidden = id !== state;
  element("menu").hidden = state !== "signed-in";
  document.title = titles[state];
  // Last, so that a script that the browser stopped before this begins again.
  document.documentElement.dataset["state"] = state;
  if (hadFocus) focusView();
}

/** The focused control is gone, so the focus moves to the heading of what replaced it, not to the top of the page. */
function focusView(): void {
  const { state } = document.documentElement.dataset;
  element(`${state ?? "loading"}-title`).focus();
}

function setTime(id: string, iso: string): void {
  const time = element(id);
  time.setAttribute("datetime", iso);
  time.textContent = iso === "" ? "" : dayTime(new Date(iso));
}

/** `Ada King Lovelace` is `AL`, and so is `Ada Lovelace (Contoso)`. */
function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends
    .map((word) => Array.from(word ?? "")[0] ?? "")
    .join("")
    .toUpperCase();
}

import * as view from "./view.ts";

/** What the displayed error is about. It disappears with its cause. */
export type Cause = "session" | "sign-out" | "sessions" | "call";

let about: Cause | undefined;

const places: Record<Cause, view.ErrorPlace> = {
  session: "page-error",
  "sign-out": "page-error",
  sessions: "sessions-error",
  call: "graph-error",
};

export function showErrorAbout(cause: Cause, error: view.ShownError): void {
  about = cause;
  view.showError(error, places[cause]);
}

/** Only the error is displayed. */
export function showErrorAlone(error: view.ShownError): void {
  about = "session";
  view.showErrorPage(error);
}

/** Hides the displayed error if it is about one of these. */
export function hideErrorAbout(...causes: readonly Cause[]): void {
  if (about === undefined || !causes.includes(about)) return;
  about = undefined;
  view.hideError();
}

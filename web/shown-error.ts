import * as view from "./view.ts";

/** What an error on display is about; it goes away with its cause. */
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

/** The error is all that there is to show. */
export function showErrorAlone(error: view.ShownError): void {
  about = "session";
  view.showErrorPage(error);
}

/** Hides the error on display if it is about one of these. */
export function hideErrorAbout(...causes: readonly Cause[]): void {
  if (about === undefined || !causes.includes(about)) return;
  about = undefined;
  view.hideError();
}

/** The page at `/`: what happens when; view.ts shows it. */
import {
  call,
  checkSession,
  login,
  logout,
  onSession,
  ProblemError,
  UnreachableError,
  type Me,
  type SessionStatus,
  type SignedOut,
} from "./auth.ts";
import * as view from "./view.ts";

const signOutForm = view.element("sign-out");
const signOutButton = view.element("sign-out-button");
const callButton = view.element("call-graph");

/** What an error on display is about; it goes away with its cause. */
let errorAbout: "session" | "sign-out" | "call" | undefined;
let failures = 0;
let shownSession: string | undefined;
let calling: AbortController | undefined;

const reasons: Record<Exclude<SignedOut["reason"], "here">, string> = {
  "other-tab": "You signed out in another tab of this browser. Your tokens have been deleted.",
  elsewhere:
    "This session was ended elsewhere: in another app, in another browser or by an administrator. Your tokens have been deleted.",
  expired: "This session’s time was up, if it was not ended elsewhere before. Sign in again to go on.",
  deferred:
    "This browser is signed out. Your tokens will be deleted as soon as the server can reach its store, without you.",
  unconfirmed:
    "This browser is signed out, but the server could not confirm that your tokens were deleted. Sign in and out again to make sure.",
};

signOutForm.addEventListener("submit", (event) => {
  event.preventDefault();
  void signOut();
});
callButton.addEventListener("click", () => void callGraph());
// What the back/forward cache keeps is shown again before the server can be asked: let it hold nobody's data.
addEventListener("pagehide", () => {
  forgetSession();
  view.showLoading("Finding out who is signed in…");
});
onSession(show);

function show(status: SessionStatus): void {
  if (status.state === "unknown") {
    showUnknown(status.error);
    return;
  }
  failures = 0;
  if (status.state === "signed-in") showSignedIn(status.me);
  else showSignedOut(status.signedOut);
  if (errorAbout === "session") hideError();
}

function showSignedIn(me: Me): void {
  const session = `${me.account.objectId} ${me.session.createdAt}`;
  if (shownSession !== undefined && shownSession !== session) forgetSession();
  shownSession = session;
  view.showSignedIn(me);
}

function showSignedOut(signedOut: SignedOut | undefined): void {
  forgetSession();
  if (signedOut?.reason === "here") {
    view.showLoading("Signing you out…");
    return;
  }
  if (signedOut !== undefined) showNotice(signedOut, signedOut.reason);
  view.showSignedOut();
}

function showNotice({ noticedAt, confirmedAt }: SignedOut, reason: keyof typeof reasons): void {
  const title = reason === "expired" ? "Your session has ended" : "You have been signed out";
  const times = `Noticed at ${view.clockTime(noticedAt)}; still signed in at ${view.clockTime(confirmedAt)}.`;
  view.showNotice(title, reasons[reason], times);
}

/** One failed look may be a laptop waking up: what is shown stays until the second. */
function showUnknown(error: unknown): void {
  failures += 1;
  const isShown = view.isShown("signed-in") || view.isShown("signed-out");
  if (isShown && failures < 2) return;
  errorAbout = "session";
  view.showErrorPage({ ...describe(error), action: "Try again", onAction: checkSession });
}

async function signOut(): Promise<void> {
  if (view.isBusy(signOutButton)) return;
  view.setBusy(signOutButton, true);
  view.announce("Signing you out…");
  try {
    const leaving = await logout();
    if (!leaving) view.showSignedOut();
  } catch (error) {
    errorAbout = "sign-out";
    const { text, code, status } = describe(error);
    const title = "Signing out did not work";
    view.showError({ title, text, code, status, action: "Try again", onAction: () => void signOut() }, "page-error");
  } finally {
    view.setBusy(signOutButton, false);
  }
}

async function callGraph(): Promise<void> {
  if (view.isBusy(callButton)) return;
  const { signal } = (calling = new AbortController());
  if (errorAbout === "call") hideError();
  view.setBusy(callButton, true);
  view.clearAnswer();
  view.showTiming("Calling…");
  try {
    const start = performance.now();
    const response = await call("graph", "me", { signal });
    const text = await response.text();
    const milliseconds = Math.round(performance.now() - start);
    if (signal.aborted) return;
    view.showTiming(`Answered with status ${response.status} in ${milliseconds} ms`);
    view.showAnswer(indented(text));
  } catch (error) {
    if (!signal.aborted) showCallError(error);
  } finally {
    if (!signal.aborted) view.setBusy(callButton, false);
  }
}

function showCallError(error: unknown): void {
  errorAbout = "call";
  view.clearAnswer();
  const described = describe(error);
  const problem = error instanceof ProblemError ? error.problem : undefined;
  if (problem?.code !== "signin_required") {
    view.showError({ ...described, action: "Try again", onAction: () => void callGraph() }, "graph-error");
    return;
  }
  const { claims } = problem;
  const onAction = (): void => login({ returnUrl: "/", ...(claims === undefined ? {} : { claims }) });
  const asked =
    claims === undefined
      ? { title: "Sign in again", text: "The server can no longer get a token for this API.", action: "Sign in again" }
      : { title: "One more step", text: "The API asks you to confirm who you are first.", action: "Continue" };
  view.showError({ ...described, ...asked, onAction }, "graph-error");
}

/** Drops all that belongs to the session on display, calls under way included. */
function forgetSession(): void {
  calling?.abort();
  view.setBusy(callButton, false);
  shownSession = undefined;
  if (errorAbout !== "session") hideError();
  view.forgetAccount();
}

function hideError(): void {
  errorAbout = undefined;
  view.hideError();
}

function describe(error: unknown): { title: string; text: string; code?: string; status?: number } {
  if (error instanceof ProblemError) {
    const { title, detail, code, status } = error.problem;
    return { title, text: detail ?? "Try again in a moment.", code, status };
  }
  if (error instanceof UnreachableError) {
    const text = "Check your connection and try again.";
    return { title: "The server cannot be reached", text };
  }
  return { title: "Something went wrong in this page", text: "Load the page again." };
}

/** JSON as people read it; anything else as it is. */
function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

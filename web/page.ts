/** The page at `/`: what happens when the session changes. */
import { checkSession, logout, onSession, type Me, type SessionStatus, type SignedOut } from "./auth.ts";
import { prepareAccountMenu } from "./account-menu.ts";
import { forgetCalls, loadPicture } from "./calls.ts";
import { describe } from "./describe.ts";
import { forgetEvents, showEvent } from "./events-view.ts";
import { keepsNoCookies, readTabStorage, writeTabStorage } from "./facilities.ts";
import { showLocalParts } from "./places.ts";
import { forgetSessions, refreshSessions } from "./sessions.ts";
import { hideErrorAbout, showErrorAbout, showErrorAlone } from "./shown-error.ts";
import { clockTime } from "./time.ts";
import * as view from "./view.ts";

/** The buttons that sign out, on the page and in the account menu. */
const signOutButtons = [
  { button: view.element("sign-out-button"), everywhere: false },
  { button: view.element("menu-sign-out"), everywhere: false },
  { button: view.element("sign-out-everywhere"), everywhere: true },
  { button: view.element("menu-sign-out-everywhere"), everywhere: true },
];

let failures = 0;
let shownSession: string | undefined;

/** Whether the sign-out under way, or the one just explained, affects all browsers. */
let isEverywhere = false;

const everywhere =
  "You signed out everywhere: in this browser and in all others. Your tokens were deleted before the browser went on to the identity provider.";
const reasons: Record<SignedOut["reason"], string> = {
  here: "You signed out in this browser. Your tokens were deleted before the browser went on to the identity provider.",
  "other-tab": "You signed out in another tab of this browser. Your tokens have been deleted.",
  elsewhere:
    "This session was ended elsewhere: in another app, in another browser, or by an administrator. Your tokens have been deleted, and this browser’s cookie no longer opens anything.",
  expired: "This session timed out, unless it was ended elsewhere before. Sign in again to continue.",
  deferred:
    "This browser is signed out. The server will delete your tokens as soon as it can reach its store; you need not do anything.",
  unconfirmed:
    "This browser is signed out, but the server could not confirm that your tokens were deleted. Sign in and out again to make sure.",
};

const titles: Partial<Record<SignedOut["reason"], string>> = {
  here: "You signed out",
  expired: "Your session has ended",
};

for (const { button, everywhere: isOfAll } of signOutButtons) {
  button.addEventListener("click", (event) => {
    // One is in a form, for browsers without scripts.
    event.preventDefault();
    void signOut(button, { everywhere: isOfAll });
  });
}
prepareAccountMenu();
showLocalParts();
// A page from the back/forward cache is shown again before the server can be asked, so it must not contain anybody's
// data.
addEventListener("pagehide", hideSession);
// Firefox stops scripts when it navigates, including this one. What it had not done is done before the page is used
// again.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) hideSession();
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
  if (view.isShown("signed-out") && keepsNoCookies()) showCookiesBlocked();
  else hideErrorAbout("session");
}

function showSignedIn(me: Me): void {
  const session = `${me.account.objectId} ${me.session.createdAt}`;
  const isNew = shownSession !== session;
  if (isNew && shownSession !== undefined) forgetSession();
  shownSession = session;
  isLeaving = false;
  view.showSignedIn(me);
  if (isNew) {
    showEvent({
      what: "You signed in",
      meaning: "Your tokens are now in one encrypted document. Only this browser’s cookie holds the key.",
      at: new Date(me.session.createdAt),
    });
    void loadPicture();
  }
  void refreshSessions();
}

function showSignedOut(signedOut: SignedOut | undefined): void {
  forgetSession();
  if (signedOut?.reason === "here") {
    rememberSignOut(signedOut);
    view.showLoading("Signing you out…");
    return;
  }
  const shown = signedOut ?? rememberedSignOut();
  if (shown !== undefined) showNotice(shown);
  view.showSignedOut();
}

function showNotice({ reason, noticedAt, confirmedAt }: Pick<SignedOut, "reason" | "noticedAt" | "confirmedAt">): void {
  const title = titles[reason] ?? "You have been signed out";
  const isOwn = reason === "here" || reason === "other-tab";
  const clock = isOwn ? "" : `At ${clockTime(confirmedAt)} the session still existed.`;
  const when = isOwn ? "Signed out" : "Noticed";
  const text = reason === "here" && isEverywhere ? everywhere : reasons[reason];
  view.showNotice({ title, text, when, at: noticedAt, clock });
}

/** Shown with the button to sign in, because the browser may be wrong about itself; the server finds out for sure. */
function showCookiesBlocked(): void {
  showErrorAbout("session", {
    title: "Your browser does not keep this app’s cookies",
    text: "Signing in needs one. Allow cookies for this site in the browser’s settings, then reload the page.",
    action: "Reload the page",
    onAction: () => location.reload(),
  });
}

const signedOutKey = "signed-out-here";

/** Whether this page is on its way to the identity provider, which takes a while on a slow network. */
let isLeaving = false;

/** A sign-out here leads to the identity provider and back. The page that is loaded then explains it. */
function rememberSignOut({ noticedAt }: SignedOut): void {
  isLeaving = true;
  writeTabStorage(signedOutKey, `${noticedAt.getTime()} ${isEverywhere ? "everywhere" : "here"}`);
}

function rememberedSignOut(): SignedOut | undefined {
  const [time, where] = readTabStorage(signedOutKey)?.split(" ") ?? [];
  const at = new Date(Number(time ?? Number.NaN));
  isEverywhere = where === "everywhere";
  // The page that is loaded then must find it, even if this page asks who is signed in before it is left.
  if (!isLeaving) writeTabStorage(signedOutKey, undefined);
  return Number.isNaN(at.getTime()) ? undefined : { reason: "here", noticedAt: at, confirmedAt: at };
}

/** A single failed check may be a laptop waking up, so the display stays until the second. */
function showUnknown(error: unknown): void {
  failures += 1;
  const isShown = view.isShown("signed-in") || view.isShown("signed-out");
  if (isShown && failures < 2) return;
  showErrorAlone({ ...describe(error), action: "Try again", onAction: checkSession });
}

async function signOut(button: HTMLElement, asked: { readonly everywhere: boolean }): Promise<void> {
  if (signOutButtons.some((each) => view.isBusy(each.button))) return;
  isEverywhere = asked.everywhere || view.endsEverywhere();
  view.setBusy(button, true);
  view.announce("Signing you out…");
  try {
    const leaving = await logout(asked);
    if (!leaving) view.showSignedOut();
  } catch (error) {
    const title = "Signing out did not work";
    const onAction = (): void => void signOut(button, asked);
    showErrorAbout("sign-out", { ...describe(error), title, action: "Try again", onAction });
  } finally {
    view.setBusy(button, false);
  }
}

/** Removes the session from the display, the most visible parts first, and then drops it. */
function hideSession(): void {
  view.hideAccount();
  forgetSession();
  view.showLoading("Checking who is signed in…");
}

/** Drops everything that belongs to the displayed session, including calls under way. */
function forgetSession(): void {
  shownSession = undefined;
  view.forgetAccount();
  forgetSessions();
  forgetEvents();
  forgetCalls();
  hideErrorAbout("sign-out", "sessions", "call");
}

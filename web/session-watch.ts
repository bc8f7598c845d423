import { isPageHidden, openTabChannel, type TabChannel } from "./facilities.ts";
import { askMe, ProblemError, type Me } from "./requests.ts";
import { readSeen, writeSeen, type Seen } from "./session-seen.ts";

/** A session of this browser that has ended. */
export interface SignedOut {
  /**
   * - `here`: signed out in this tab
   * - `other-tab`: signed out in another tab of this browser
   * - `elsewhere`: by another app, another browser or an administrator
   * - `expired`: timed out
   * - `deferred`: signed out here, and the server will delete the stored tokens when it can reach its store
   * - `unconfirmed`: signed out here, but it is not known whether the stored tokens are deleted
   */
  readonly reason: "here" | "other-tab" | "elsewhere" | "expired" | "deferred" | "unconfirmed";
  /** When this tab noticed. */
  readonly noticedAt: Date;
  /** When the session was last known to be alive. */
  readonly confirmedAt: Date;
}

/** What is known about the session. `signedOut` is present once, when the session's end is reported. */
export type SessionStatus =
  | { readonly state: "signed-in"; readonly me: Me }
  | { readonly state: "signed-out"; readonly signedOut?: SignedOut }
  | { readonly state: "unknown"; readonly error: unknown };

type Listener = (status: SessionStatus) => void;

const shortestPause = 2000;
const longestPause = 15_000;
const smallestGap = 500;

const listeners = new Set<Listener>();
let watching = false;
let channel: TabChannel | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let pause = shortestPause;
let askedAt = 0;
let asked = 0;
let settled = 0;
let signingOut = false;
let unfinished: "deferred" | "unconfirmed" | undefined;

/**
 * Reports the session's status now, after every check, and at once when this tab or another tab of this browser signs
 * out. It checks when the person returns to the page and, while the page is visible, after 2 s and then at growing
 * intervals of up to 15 s; never while the page is hidden. Returns a function that ends the reports.
 */
export function onSession(listener: Listener): () => void {
  listeners.add(listener);
  if (!watching) watch();
  wake();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) unwatch();
  };
}

/** Checks the session as soon as possible, at most twice a second. */
export function wake(): void {
  if (!watching) return;
  pause = shortestPause;
  clearTimeout(timer);
  timer = setTimeout(look, Math.max(0, askedAt + smallestGap - Date.now()));
}

/**
 * Runs a sign-out that begins in this tab, and reports its outcome, to the other tabs too. Checks do not count in the
 * meantime, because they would see that the session is gone before the answer confirms the sign-out.
 */
export async function duringSignOut<T>(signOut: () => Promise<T>): Promise<T> {
  signingOut = true;
  try {
    const result = await signOut();
    tellOtherTabs();
    settleSignedOut(unfinished ?? "here");
    return result;
  } catch (error) {
    unfinished = isDeferred(error) ? "deferred" : "unconfirmed";
    wake();
    throw error;
  } finally {
    signingOut = false;
    settled = ++asked;
  }
}

/** The server will finish the sign-out by itself. */
function isDeferred(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.code === "signout_deferred";
}

function tellOtherTabs(): void {
  const sender = channel ?? openTabChannel();
  sender.tell();
  if (sender !== channel) sender.close();
}

// "blur": the person turns to another window, and may sign out there.
const wakingEvents = ["focus", "blur", "online"] as const;

function watch(): void {
  watching = true;
  channel = openTabChannel(onTold);
  for (const type of wakingEvents) addEventListener(type, wake);
  document.addEventListener("visibilitychange", onVisibility);
  addEventListener("pagehide", onPageHide);
  addEventListener("pageshow", onPageShow);
}

function unwatch(): void {
  watching = false;
  for (const type of wakingEvents) removeEventListener(type, wake);
  document.removeEventListener("visibilitychange", onVisibility);
  removeEventListener("pagehide", onPageHide);
  removeEventListener("pageshow", onPageShow);
  onPageHide();
}

function onVisibility(): void {
  if (isPageHidden()) clearTimeout(timer);
  else wake();
}

/**
 * An open channel would keep the page out of the back/forward cache, and earlier answers no longer count afterwards.
 */
function onPageHide(): void {
  settled = ++asked;
  clearTimeout(timer);
  timer = undefined;
  channel?.close();
  channel = undefined;
}

function onPageShow(event: PageTransitionEvent): void {
  if (!event.persisted) return;
  // Firefox may have stopped it.
  onPageHide();
  channel = openTabChannel(onTold);
  wake();
}

/** Another tab has signed out. */
function onTold(): void {
  settled = ++asked;
  if (readSeen() === undefined) wake();
  else settleSignedOut("other-tab");
}

function look(): void {
  timer = undefined;
  void lookNow().finally(() => {
    if (isPageHidden() || !watching || timer !== undefined) return;
    timer = setTimeout(look, pause);
    pause = Math.min(longestPause, pause * 1.5);
  });
}

/** Answers may overtake each other, and a sign-out may overtake them all, so late answers do not count. */
async function lookNow(): Promise<void> {
  askedAt = Date.now();
  const turn = ++asked;
  const answer = await askMe().catch((error: unknown) => ({ error }));
  if (turn < settled || signingOut) return;
  settled = turn;
  if ("error" in answer) emit({ state: "unknown", error: answer.error });
  else if (answer.me === undefined) settleSignedOut(endOf(readSeen(), answer.serverTime));
  else settleSignedIn(answer.me);
}

/** The `Date` header has whole seconds only, hence the one second of tolerance. */
function endOf(seen: Seen | undefined, serverTime: number): SignedOut["reason"] {
  if (unfinished) return unfinished;
  return seen !== undefined && serverTime + 1000 > seen.endsAt ? "expired" : "elsewhere";
}

function settleSignedIn(me: Me): void {
  const { idleExpiresAt, expiresAt } = me.session;
  unfinished = undefined;
  writeSeen({ confirmedAt: Date.now(), endsAt: Math.min(Date.parse(idleExpiresAt), Date.parse(expiresAt)) });
  emit({ state: "signed-in", me });
}

function settleSignedOut(reason: SignedOut["reason"]): void {
  unfinished = undefined;
  const seen = readSeen();
  writeSeen(undefined);
  const signedOut = seen && { reason, noticedAt: new Date(), confirmedAt: new Date(seen.confirmedAt) };
  emit({ state: "signed-out", ...(signedOut && { signedOut }) });
}

/**
 * An error that a listener throws is reported as the page's error, and stops neither the other listeners nor a
 * sign-out.
 */
function emit(status: SessionStatus): void {
  for (const listener of listeners) {
    try {
      listener(status);
    } catch (error) {
      setTimeout(() => {
        throw error;
      });
    }
  }
}

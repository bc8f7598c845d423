import { askMe, isRecord, ProblemError, type Me } from "./requests.ts";

/** A session of this browser that is no more. */
export interface SignedOut {
  /**
   * `here`: signed out in this tab. `other-tab`: in another tab of this browser. `elsewhere`: by another app, another
   * browser or an administrator. `expired`: its time was up. `deferred`: signed out here, and the server will delete the
   * stored tokens when it can reach its store. `unconfirmed`: signed out here, but whether the stored tokens are deleted
   * is not known.
   */
  readonly reason: "here" | "other-tab" | "elsewhere" | "expired" | "deferred" | "unconfirmed";
  /** When this tab noticed. */
  readonly noticedAt: Date;
  /** When the session was last known to be alive. */
  readonly confirmedAt: Date;
}

/** What is known about the session. `signedOut` is there once, in the report of the session's end. */
export type SessionStatus =
  | { readonly state: "signed-in"; readonly me: Me }
  | { readonly state: "signed-out"; readonly signedOut?: SignedOut }
  | { readonly state: "unknown"; readonly error: unknown };

type Listener = (status: SessionStatus) => void;

/** The last session seen, in milliseconds. Nothing about the person: it outlives a reload. */
interface Seen {
  readonly confirmedAt: number;
  readonly endsAt: number;
}

const seenKey = "session-seen";
const channelName = "session";
const shortestPause = 2000;
const longestPause = 15_000;
const smallestGap = 500;

const listeners = new Set<Listener>();
let watching: AbortController | undefined;
let channel: BroadcastChannel | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let pause = shortestPause;
let askedAt = 0;
let asked = 0;
let settled = 0;
let signingOut = false;
let unfinished: "deferred" | "unconfirmed" | undefined;
let memory: Seen | undefined;

/**
 * Reports the session's status now, after every look at it, and at once when this tab or another tab of this browser
 * signs out. Looks when the person comes back to the page; while the page can be seen, also every 2 s at first and ever
 * less, up to every 15 s; never while it is hidden. Returns a function that ends the reports.
 */
export function onSession(listener: Listener): () => void {
  listeners.add(listener);
  if (watching === undefined) watch();
  wake();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) unwatch();
  };
}

/** Looks at the session as soon as possible, at most twice a second. */
export function wake(): void {
  if (watching === undefined) return;
  pause = shortestPause;
  clearTimeout(timer);
  timer = setTimeout(look, Math.max(0, askedAt + smallestGap - Date.now()));
}

/**
 * Runs a sign-out begun in this tab and reports its outcome, to the other tabs too. Looks do not count meanwhile: they
 * would see the session gone before the answer comes that it went as wished.
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
  const sender = channel ?? new BroadcastChannel(channelName);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is same-origin and takes no target
  sender.postMessage("signed-out");
  if (sender !== channel) sender.close();
}

function watch(): void {
  watching = new AbortController();
  const { signal } = watching;
  openChannel();
  addEventListener("focus", wake, { signal });
  // The person turns to another window, where signing out may be what comes next.
  addEventListener("blur", wake, { signal });
  addEventListener("online", wake, { signal });
  document.addEventListener("visibilitychange", onVisibility, { signal });
  addEventListener("pagehide", onPageHide, { signal });
  addEventListener("pageshow", onPageShow, { signal });
}

function unwatch(): void {
  watching?.abort();
  watching = undefined;
  onPageHide();
}

function onVisibility(): void {
  if (document.visibilityState === "visible") wake();
  else clearTimeout(timer);
}

/** An open channel would keep the page out of the back/forward cache; what was asked before says nothing after. */
function onPageHide(): void {
  settled = ++asked;
  clearTimeout(timer);
  timer = undefined;
  channel?.close();
  channel = undefined;
}

function onPageShow(event: PageTransitionEvent): void {
  if (!event.persisted) return;
  openChannel();
  wake();
}

function openChannel(): void {
  channel = new BroadcastChannel(channelName);
  channel.addEventListener("message", () => {
    settled = ++asked;
    if (readSeen() === undefined) wake();
    else settleSignedOut("other-tab");
  });
}

function look(): void {
  timer = undefined;
  void lookNow().finally(() => {
    if (document.visibilityState !== "visible" || watching === undefined || timer !== undefined) return;
    timer = setTimeout(look, pause);
    pause = Math.min(longestPause, pause * 1.5);
  });
}

/** Answers may overtake each other, and a sign-out may overtake them all: late ones do not count. */
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

/** The `Date` header is cut to the second, hence the one second of grace. */
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

function emit(status: SessionStatus): void {
  for (const listener of listeners) listener(status);
}

/**
 * Kept for the tab, not only in memory: phones throw hidden tabs away and load them anew, and the person who comes back
 * to one should still be told that the session ended. Where storage is blocked, memory has to do.
 */
function writeSeen(seen: Seen | undefined): void {
  memory = seen;
  try {
    if (seen === undefined) sessionStorage.removeItem(seenKey);
    else sessionStorage.setItem(seenKey, JSON.stringify(seen));
  } catch {
    // Blocked by the person's settings.
  }
}

function readSeen(): Seen | undefined {
  if (memory !== undefined) return memory;
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(seenKey) ?? "null");
    if (!isRecord(stored)) return undefined;
    const { confirmedAt, endsAt } = stored;
    return typeof confirmedAt === "number" && typeof endsAt === "number" ? { confirmedAt, endsAt } : undefined;
  } catch {
    return undefined;
  }
}

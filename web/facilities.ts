/**
 * Features that a browser may lack or block, because of its age, a person's settings, a company's policy, or a web
 * view. Nothing here throws: each function works without the missing feature. Other files use these features only
 * through this one.
 */
import { basePath } from "./base-path.ts";

/** The result of `use`; undefined if the browser lacks or refuses something that it needs. */
export function attempt<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}

/** To and from the other tabs of this browser. */
export interface TabChannel {
  readonly tell: () => void;
  readonly close: () => void;
}

/**
 * Opens the channel between the tabs of this app: other apps may be on the same origin. If the browser has none, like
 * Firefox with site storage blocked, the other tabs learn of a sign-out at their next check.
 */
export function openTabChannel(onTold?: () => void): TabChannel {
  const channel = attempt(() => new BroadcastChannel(`session${basePath()}`));
  if (onTold !== undefined) attempt(() => channel?.addEventListener("message", onTold));
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is same-origin and takes no target
    tell: () => attempt(() => channel?.postMessage("signed-out")),
    close: () => attempt(() => channel?.close()),
  };
}

/** What is kept for this tab, over a reload; undefined if there is nothing, or storage is blocked. */
export function readTabStorage(key: string): string | undefined {
  return attempt(() => sessionStorage.getItem(key + basePath())) ?? undefined;
}

/** Stores a text for this tab, or removes it if undefined, as far as the browser permits. */
export function writeTabStorage(key: string, text: string | undefined): void {
  attempt(() =>
    text === undefined ? sessionStorage.removeItem(key + basePath()) : sessionStorage.setItem(key + basePath(), text),
  );
}

/** For the options of `fetch`: a limit of `limitMs`, if the browser supports it. */
export function timeLimit(limitMs: number): { readonly signal?: AbortSignal } {
  const signal = attempt(() => AbortSignal.timeout(limitMs)) ?? abortedAfter(limitMs);
  return signal === undefined ? {} : { signal };
}

function abortedAfter(limitMs: number): AbortSignal | undefined {
  return attempt(() => {
    const controller = new AbortController();
    setTimeout(() => attempt(() => controller.abort(timeoutError())), limitMs);
    return controller.signal;
  });
}

function timeoutError(): Error {
  return Object.assign(new Error("The time is up."), { name: "TimeoutError" });
}

/** Something under way that can be cancelled. */
export interface Undertaking {
  /** For the options of `fetch`. */
  readonly init: { readonly signal?: AbortSignal };
  readonly isCalledOff: () => boolean;
  readonly callOff: () => void;
}

/** If a request cannot be aborted it continues, and its caller sees that the answer is no longer wanted. */
export function undertaking(): Undertaking {
  const controller = attempt(() => new AbortController());
  let calledOff = false;
  return {
    init: controller === undefined ? {} : { signal: controller.signal },
    isCalledOff: () => calledOff,
    callOff() {
      calledOff = true;
      attempt(() => controller?.abort());
    },
  };
}

/** Whether the page is hidden now. If the browser does not say, the page counts as visible. */
export function isPageHidden(): boolean {
  return attempt(() => document.visibilityState) === "hidden";
}

/**
 * Whether the browser reports, or shows by its behaviour, that it keeps no cookies of this site. False if that cannot
 * be found out.
 */
export function keepsNoCookies(): boolean {
  return attempt(() => navigator.cookieEnabled) === false || attempt(keepsCookie) === false;
}

/**
 * WebKit reports that it keeps cookies even if it does not. This test cookie is removed before the server can see it.
 */
function keepsCookie(): boolean {
  const cookie = "cookie-probe=1; path=/; SameSite=Lax";
  document.cookie = cookie;
  const isKept = document.cookie.includes("cookie-probe=1");
  document.cookie = `${cookie}; max-age=0`;
  return isKept;
}

/** Milliseconds since some moment, for durations. */
export function milliseconds(): number {
  return attempt(() => performance.now()) ?? Date.now();
}

/** A time in the system's locale, or in English if the browser refuses that locale. */
export function localTime(date: Date, options: Intl.DateTimeFormatOptions): string {
  const text = (locale?: string) => attempt(() => date.toLocaleString(locale, options));
  return text() ?? text("en") ?? date.toString();
}

/**
 * What a browser may lack, or refuse: old ones, people's settings, company policies, web views. Nothing here throws. Each
 * function does without what it cannot have; other files use these browser features only through this one.
 */

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
 * Opens the channel between tabs. Where the browser has none, as Firefox with site storage blocked, the other tabs find out
 * at their next look.
 */
export function openTabChannel(onTold?: () => void): TabChannel {
  const channel = attempt(() => new BroadcastChannel("session"));
  if (onTold !== undefined) attempt(() => channel?.addEventListener("message", onTold));
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is same-origin and takes no target
    tell: () => attempt(() => channel?.postMessage("signed-out")),
    close: () => attempt(() => channel?.close()),
  };
}

/** What is kept for this tab, over a reload; undefined if there is nothing, or storage is blocked. */
export function readTabStorage(key: string): string | undefined {
  return attempt(() => sessionStorage.getItem(key)) ?? undefined;
}

/** Keeps a text for this tab, or removes it when undefined, if the browser lets it. */
export function writeTabStorage(key: string, text: string | undefined): void {
  attempt(() => (text === undefined ? sessionStorage.removeItem(key) : sessionStorage.setItem(key, text)));
}

/** For the options of `fetch`: gives up after `limitMs`, where the browser can. */
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

/** Something under way that can be called off. */
export interface Undertaking {
  /** For the options of `fetch`. */
  readonly init: { readonly signal?: AbortSignal };
  readonly isCalledOff: () => boolean;
  readonly callOff: () => void;
}

/** Where a request cannot be aborted it goes on, and whoever began it sees that nobody wants its answer any more. */
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

/** Whether the person cannot see the page now. A browser that does not say shows it. */
export function isPageHidden(): boolean {
  return attempt(() => document.visibilityState) === "hidden";
}

/** Whether the browser says, or shows, that it keeps no cookies of this site. If it lets nobody find out: false. */
export function keepsNoCookies(): boolean {
  return attempt(() => navigator.cookieEnabled) === false || attempt(keepsCookie) === false;
}

/** WebKit says that it keeps cookies also where it does not. The cookie is gone before the server can see it. */
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

/** A time as the reader writes it: in the system's locale, or in English where the browser refuses that one. */
export function localTime(date: Date, options: Intl.DateTimeFormatOptions): string {
  const text = (locale?: string) => attempt(() => date.toLocaleString(locale, options));
  return text() ?? text("en") ?? date.toString();
}

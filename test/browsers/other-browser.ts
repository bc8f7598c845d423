import type { Tab } from "./tab.ts";

/** A browser other than Chromium, started once for a row of flows. */
export interface OtherBrowser {
  readonly name: "Firefox" | "WebKitGTK";
  readonly version: string;
  /** As the list of sessions names it. */
  readonly device: string;
  /** Of the app's cookies on http://localhost. */
  readonly cookiePrefix: "__Host-" | "";
  /** A tab of a browser without a past. */
  fresh(settings?: FreshSettings): Promise<Tab>;
  /** Another tab of the same browser, where it can be driven with more than one. */
  readonly newTab?: () => Promise<Tab>;
  stop(): Promise<void>;
}

export interface FreshSettings {
  /** Site storage goes with the cookies. Kept unless given; "for the app": those of `origin`, by an exception. */
  readonly cookies?: "blocked" | "blocked for the app";
  readonly origin?: string;
  /** Whether pages may run scripts. */
  readonly scripts?: boolean;
}

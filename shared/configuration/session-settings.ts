import type { Setting } from "./setting.ts";

/** How long sessions last, and how sign-outs are carried out. */
export const sessionSettings = {
  idleTimeoutMinutes: {
    name: "Session__IdleTimeoutMinutes",
    meaning: "A session ends when it has not been used for this long.",
    expects: "a whole number of minutes from 1 to 43200, not above Session__AbsoluteTimeoutMinutes",
    default: "60",
  },
  absoluteTimeoutMinutes: {
    name: "Session__AbsoluteTimeoutMinutes",
    meaning: "A session ends this long after sign-in, however much it is used.",
    expects: "a whole number of minutes from 1 to 129600",
    default: "720",
  },
  revalidateMinutes: {
    name: "Session__RevalidateMinutes",
    meaning:
      "A session that has renewed no token for this long renews one at its next use. If the identity provider refuses for good, the session ends: see [how-it-works.md](how-it-works.md#revalidation). 0 turns it off.",
    expects: "a whole number of minutes from 0 to 129600",
    default: "60",
  },
  notBefore: {
    name: "Session__NotBefore",
    meaning:
      "Sessions whose sign-in began before this time are not served: everybody has to sign in again. A time in the future has no effect until it comes. `PUT /auth/not-before` does the same without a restart: see [runbook.md](runbook.md#everybody-out).",
    expects: "a time in ISO 8601 with its zone, such as 2026-12-01T18:00:00Z",
  },
  maxPerAccount: {
    name: "Session__MaxPerAccount",
    meaning: "How many sessions an account may have at once. A further sign-in ends the oldest.",
    expects: "a whole number from 1 to 50",
    default: "10",
  },
  persistentCookie: {
    name: "Session__PersistentCookie",
    meaning:
      "Whether people stay signed in when they close the browser, until the session times out. Not for shared computers.",
    expects: "true or false",
    default: "false",
  },
  cookieName: {
    name: "Session__CookieName",
    meaning:
      "Name of the session cookie. Unless it is `session`, the names of the app's other cookies begin with it and a hyphen. Apps on two ports of localhost need different names. Below the path `/orders` of a host, the default is `session.orders`.",
    expects: "1 to 64 characters of a token (RFC 9110 section 5.6.2), not beginning with two underscores",
    default: "session",
  },
  signOutScope: {
    name: "SignOut__Scope",
    meaning: "What a sign-out ends: all sessions of the account, or only those of the browser that signed out.",
    expects: "account or session",
    default: "account",
  },
  signOutSchedule: {
    name: "SignOut__FinishSchedule",
    meaning: "When the timer finishes sign-outs that could not be carried out at once.",
    expects: "an NCRONTAB expression of six fields, in UTC",
    default: "0 */5 * * * *",
  },
  signOutMaxAttempts: {
    name: "SignOut__MaxAttempts",
    meaning: "How often a waiting sign-out is tried before it is moved to the queue `sign-outs-poison`.",
    expects: "a whole number from 1 to 10000",
    default: "120",
  },
  signOutRetrySeconds: {
    name: "SignOut__RetrySeconds",
    meaning: "How long a sign-out waits in the queue after a failed attempt.",
    expects: "a whole number of seconds from 1 to 3600",
    default: "60",
  },
} as const satisfies Record<string, Setting>;

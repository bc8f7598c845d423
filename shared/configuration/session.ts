import type { SettingsReader } from "./settings-reader.ts";
import { isoTime } from "../core/iso-time.ts";
import { settings } from "./settings.ts";

/** Minutes for which a session lives at most, whatever the settings. */
export const longestLifetimeMinutes = 90 * 24 * 60;

/** How long sessions last, how many there may be, and what their cookie is called. */
export interface SessionConfiguration {
  readonly idleTimeoutMinutes: number;
  readonly absoluteTimeoutMinutes: number;
  /** After so long without a renewal, a session renews a token at its next use. 0: never. */
  readonly revalidateMinutes: number;
  /** Sessions whose sign-in began earlier are not served. ISO 8601, UTC. */
  readonly notBefore: string | undefined;
  readonly maxPerAccount: number;
  /** Whether the cookie outlives the browser. */
  readonly persistentCookie: boolean;
  /** Without the browser's prefix. */
  readonly cookieName: string;
}

export function readSession(read: SettingsReader, basePath: string): SessionConfiguration {
  const idleTimeoutMinutes = read.integer(settings.idleTimeoutMinutes, { min: 1, max: 43_200, default: 60 });
  const longest = longestLifetimeMinutes;
  const absoluteTimeoutMinutes = read.integer(settings.absoluteTimeoutMinutes, { min: 1, max: longest, default: 720 });
  if (idleTimeoutMinutes > absoluteTimeoutMinutes) {
    read.fail(settings.idleTimeoutMinutes, `contradicts ${settings.absoluteTimeoutMinutes.name}, which is shorter`);
  }
  const revalidateMinutes = read.integer(settings.revalidateMinutes, { min: 0, max: longest, default: 60 });
  const notBefore = read.optional(settings.notBefore, (value) => isoTime(value) !== undefined);
  const maxPerAccount = read.integer(settings.maxPerAccount, { min: 1, max: 50, default: 10 });
  const persistentCookie = read.oneOf(settings.persistentCookie, ["true", "false"], "false") === "true";
  const cookieName = read.optional(settings.cookieName, isCookieName) ?? `session${basePath.replaceAll("/", ".")}`;
  return {
    idleTimeoutMinutes,
    absoluteTimeoutMinutes,
    revalidateMinutes,
    notBefore: isoTime(notBefore),
    maxPerAccount,
    persistentCookie,
    cookieName,
  };
}

/** A token (RFC 9110 section 5.6.2), as RFC 6265 requires. Prefixes such as `__Host-` are refused: the app adds its own. */
function isCookieName(name: string): boolean {
  return /^(?!__)[\w!#$%&'*+.^`|~-]{1,64}$/.test(name);
}

import { LRUCache } from "lru-cache";
import { IdentityProviderUnavailableError } from "./errors.ts";

const longestPauseMs = 60 * 60_000;

/**
 * How long an answer asks not to be called again (Retry-After, RFC 9110 section 10.2.3), in milliseconds and at most an hour.
 * A date is compared with the answer's own `Date`, if it has one.
 * @returns 0 if the answer does not ask
 */
export function retryAfterMs({ headers }: { readonly headers: Headers }): number {
  const value = headers.get("retry-after") ?? "";
  const asked = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - dateOf(headers);
  return asked > 0 ? Math.min(asked, longestPauseMs) : 0;
}

function dateOf(headers: Headers): number {
  const date = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(date) ? Date.now() : date;
}

/** The pauses that an endpoint has asked for, on this instance. */
export interface Pauses {
  /** Milliseconds until `who` may ask; 0 if that is now. */
  leftMs(who: string): number;
  /** Keeps everybody from asking for `ms`. */
  forAll(ms: number): void;
  /** Keeps `who` from asking for `ms`. Several such pauses at once mean that the app asks too much: then nobody asks. */
  forOne(who: string, ms: number): void;
}

const maxKept = 1_000;
/** As many pauses at once are no accident. */
const several = 3;

export function createPauses(): Pauses {
  let allUntil = -Infinity;
  /** When the pauses end that are not over. */
  const until = new LRUCache<string, number>({ max: maxKept, ttlResolution: 0 });

  /** When fewer than `several` have to wait. */
  const severalUntil = () => [...until.values()].toSorted((a, b) => b - a)[several - 1] ?? -Infinity;

  return {
    leftMs(who) {
      const now = performance.now();
      return Math.max(0, allUntil - now, (until.get(who) ?? -Infinity) - now, severalUntil() - now);
    },
    forAll(ms) {
      allUntil = Math.max(allUntil, performance.now() + ms);
    },
    forOne(who, ms) {
      until.set(who, performance.now() + ms, { ttl: ms });
    },
  };
}

/**
 * Sends a request to one of the identity provider's documents, unless it has asked not to be called.
 * @throws {IdentityProviderUnavailableError} during a pause, and when the answer asks for one
 */
export async function heeding(pause: Pauses, send: () => Promise<Response>): Promise<Response> {
  const left = pause.leftMs(everybody);
  if (left > 0) throw new IdentityProviderUnavailableError(new Error("The endpoint asked for a pause"), left);
  const response = await send();
  const asked = response.ok ? 0 : retryAfterMs(response);
  if (asked === 0) return response;
  pause.forAll(asked);
  throw new IdentityProviderUnavailableError(new Error(`The endpoint answered ${response.status}`), asked);
}

const everybody = "";

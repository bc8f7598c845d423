import { sha256Base64Url } from "../core/encoding.ts";
import type { CookieJar } from "../http/cookie-jar.ts";
import { finishedSignIns } from "./transaction.ts";

/** People who come back later have a reason to sign in again; a browser that goes in a circle is faster. */
const justNowMs = 60_000;
/** For one address. An API may ask for new claims each time. */
const maxJustNow = 3;

/** What a sign-in would be for. */
interface Purpose {
  /** The address that it would lead back to, without a fragment. */
  readonly returnUrl: string;
  readonly api?: string | undefined;
  readonly claims?: string | undefined;
}

/** Whether the browser has just been through such a sign-in for this address: it would only go in a circle. */
export function isInVain(jar: CookieJar, { returnUrl, api, claims }: Purpose): boolean {
  const claimsHash = claims === undefined ? undefined : sha256Base64Url(claims);
  const justNow = finishedSignIns(jar)
    .map(({ note }) => note)
    .filter((note) => note.opened === true && Date.now() - note.finishedAt < justNowMs)
    .filter((note) => note.returnUrl.split("#")[0] === returnUrl);
  return justNow.length >= maxJustNow || justNow.some((note) => note.api === api && note.claimsHash === claimsHash);
}

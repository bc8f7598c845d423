import type { HttpRequest } from "@azure/functions";
import { ApiSignInRequiredError, SignInRequiredError } from "../core/errors.ts";
import { maxClaimsInLink } from "../http/advice.ts";
import type { CookieJar } from "../http/cookie-jar.ts";
import { isOpened } from "../http/fetch-metadata.ts";
import { wantsPage } from "../http/page.ts";
import { hasSessionEnded, sessionCookieName } from "../session/cookie.ts";
import { SessionChangedError } from "../session/ended.ts";
import { isInVain } from "../sign-in/in-vain.ts";

/** A page that was opened without what it needs. */
interface OpenedPage {
  readonly request: HttpRequest;
  readonly cookies: CookieJar;
  /** The page's own address. */
  readonly address: string;
}

/**
 * Whether a page goes on to the sign-in by itself. Not for a sign-in that would change nothing; but one that asks for the account
 * goes in no circle.
 */
export function goesOnToSignIn(error: unknown, { request, cookies, address }: OpenedPage): boolean {
  const purpose = purposeOf(error);
  if (purpose === undefined || !isOpened(request) || !wantsPage(request)) return false;
  return asksForAccount(error, cookies) || !isInVain(cookies, { ...purpose, returnUrl: address });
}

/** What the sign-in would be for; undefined if the error's link leads to none, or to one that is not enough. */
function purposeOf(error: unknown): { readonly api?: string | undefined; readonly claims?: string } | undefined {
  if (error instanceof ApiSignInRequiredError) return { api: error.api };
  if (!(error instanceof SignInRequiredError) || error instanceof SessionChangedError) return undefined;
  const { api, claims = "" } = error;
  return claims.length > maxClaimsInLink ? undefined : { api, ...(claims !== "" && { claims }) };
}

/** The answer to this request notes that the session has ended, or an earlier answer did. */
function asksForAccount(error: unknown, cookies: CookieJar): boolean {
  const endsNow = error instanceof SignInRequiredError && error.sessionEnded;
  return hasSessionEnded(cookies) || (endsNow && cookies.read(sessionCookieName) !== undefined);
}

import type { HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import { problemCodeOf, problemTypes, SignInRequiredError } from "../core/errors.ts";
import type { PublicAddress } from "../configuration/public-address.ts";
import type { Destination } from "../http/advice.ts";
import type { CookieJar } from "../http/cookie-jar.ts";
import { aadstsNumber, describe } from "../http/describe-error.ts";
import { wantsPage, type Site } from "../http/page.ts";
import { problemResponse, type Occurrence } from "../http/problem.ts";
import { publicPathOf } from "../http/public-path.ts";
import { safeReturnUrl } from "../http/return-url.ts";
import { clearDeadSession } from "../session/cookie.ts";
import { logFailure, type Telemetry } from "../telemetry/log.ts";
import { goesOnToSignIn } from "./onward.ts";

/** A request whose function has thrown. */
export interface FailedRequest {
  readonly request: HttpRequest;
  readonly definition: { readonly name: string; readonly isStep?: boolean; readonly isPage?: boolean };
  /** The host's invocation. The person gets to see its id, by which an operator finds the log. */
  readonly invocation: InvocationContext;
  readonly telemetry: Telemetry;
  readonly cookies: CookieJar;
  readonly address: PublicAddress;
  readonly site: Site;
  /** Where the person was going, if the function has said so. */
  readonly destination: Destination | undefined;
}

/**
 * The answer to a failed request. It clears a session cookie that opens nothing, and the operator finds failures in the log.
 */
export function failureResponse(error: unknown, failed: FailedRequest): HttpResponseInit {
  reportFailure(error, failed);
  if (error instanceof SignInRequiredError && error.sessionEnded) clearDeadSession(failed.cookies);
  return problemResponse(error, { ...occurrenceOf(failed), goesOn: goesOn(error, failed) });
}

/** Logs failures for the operator. Refusals concern only the caller, but people bring the pages they saw to support. */
export function reportFailure(error: unknown, failed: FailedRequest): void {
  const { definition, telemetry, invocation } = failed;
  const { wantsPage: isPage, id } = occurrenceOf(failed);
  const code = problemCodeOf(error);
  const number = aadstsNumber(error);
  const attributes = { function: definition.name, code, id, ...(number !== undefined && { aadsts: number }) };
  if (problemTypes[code].status < 500) {
    if (goesOn(error, failed)) return;
    if (isPage || number !== undefined) telemetry.info("request_refused", attributes);
    return;
  }
  telemetry.error("request_failed", attributes);
  logFailure(invocation, { type: error instanceof Error ? error.name : typeof error, text: describe(error) });
}

function goesOn(error: unknown, failed: FailedRequest): boolean {
  const { definition, request, cookies } = failed;
  return definition.isPage === true && goesOnToSignIn(error, { request, cookies, address: ownAddress(failed).to });
}

function occurrenceOf(failed: FailedRequest): Occurrence {
  const { request, invocation, site, destination = ownAddress(failed) } = failed;
  return { wantsPage: wantsPage(request), id: invocation.invocationId, destination, site };
}

/** The page that the person wanted, or the app's start if they wanted no page. */
function ownAddress({ definition, request, address }: FailedRequest): Destination {
  const start = { to: `${address.basePath}/`, by: "going" } as const;
  if (definition.isStep || request.method !== "GET") return start;
  try {
    return { to: safeReturnUrl(publicPathOf(request.url, address), address.publicBaseUrl), by: "going" };
  } catch {
    return start;
  }
}

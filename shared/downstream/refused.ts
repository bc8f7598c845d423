import type { AuthError } from "@azure/msal-node";
import { ProblemError } from "../core/errors.ts";
import { appRefused } from "../identity/errors.ts";
import { isMsalError, wantsInteraction } from "../identity/msal-errors.ts";

/** The token endpoint refuses the refresh token, or needs the person to do something. */
export class RefusedError extends Error {
  readonly claims: string | undefined;
  /** Whether the refresh token is useless, rather than one resource or one claim asking for more. */
  readonly final: boolean;
  /** Whether that is certain, whatever another instance may be about to store. */
  readonly isCertain: boolean;

  /**
   * @param asked the claims of the request: if they cannot be had without the person, that says little about the refresh token
   */
  constructor(cause: AuthError, asked: string | undefined) {
    super("The token endpoint refused the renewal", { cause });
    const wanted = wantsInteraction(cause) && cause.claims ? cause.claims : undefined;
    this.claims = wanted ?? asked;
    // MSAL's classes of these errors have `errorNo`, but the class that they share does not.
    this.isCertain = aboutThePerson.has(String((cause as { errorNo?: unknown }).errorNo));
    this.final = wanted === undefined && !needsMoreOfThePerson(cause) && (asked === undefined || this.isCertain);
  }
}

/**
 * Entra's numbers for refusals that no newer refresh token of the session would escape: no such account, disabled, revoked
 * or password changed, expired.
 */
const aboutThePerson = new Set(["50034", "50057", "50173", "70008", "700082", "700084"]);

/** Errors and suberrors about the resource that is asked for, such as a Conditional Access policy of that API alone. */
const wantsMore = new Set([
  "consent_required",
  "interaction_required",
  "basic_action",
  "additional_action",
  "message_only",
]);

function needsMoreOfThePerson(error: AuthError): boolean {
  const number = String((error as { errorNo?: unknown }).errorNo);
  return wantsMore.has(error.subError) || wantsMore.has(error.errorCode) || aboutTheApi.has(number);
}

/**
 * Entra's numbers for the same, which sometimes come without a suberror: no consent, no assignment, another factor, or a device
 * or a place that a policy does not accept.
 */
const aboutTheApi = new Set([
  "65001",
  "65004",
  "90094",
  "50105",
  "50072",
  "50074",
  "50076",
  "50079",
  "50158",
  "53000",
  "53001",
  "53002",
  "53003",
]);

/** The token endpoint answered with tokens of another account. */
export class ForeignTokensError extends Error {
  constructor() {
    super("The renewal was answered with another account's tokens");
    this.name = "ForeignTokensError";
  }
}

/** Turns an error of MSAL into one that says whether it is about the person or the app. */
export function classify(error: unknown, claims: string | undefined): unknown {
  if (error instanceof ProblemError) return error;
  if (!isMsalError(error)) return appRefused(error);
  const refused = wantsInteraction(error) || error.errorCode === "invalid_grant";
  return refused ? new RefusedError(error, claims) : appRefused(error);
}

import { ProblemError, type ProblemCode } from "../core/errors.ts";
import { IdentityProviderUnavailableError, appRefused } from "./errors.ts";

/** Authentication error response (OpenID Connect Core 1.0 section 3.1.2.6), with what Entra adds to it. */
export interface AuthorizationErrorResponse {
  readonly error: string;
  /** Begins with `AADSTS` and a number at Entra. */
  readonly description: string | null;
  /** Entra: `https://login.microsoftonline.com/error?code=<number>`. */
  readonly uri: string | null;
}

/** Entra's numbers for what a person can do something about. The rest stay `signin_refused`. */
const numbers = {
  /** The person did not agree to what the app asks for. */
  declined: ["65004"],
  adminConsent: ["65001", "90093", "90094", "90095", "900941", "900981"],
  /** An account of another directory, or of a kind that the app is not for. */
  otherDirectory: ["50020", "51004", "90072", "500200", "500208"],
  notAssigned: ["50105"],
} as const;

/**
 * Errors in the app's request or registration (RFC 6749 section 4.1.2.1, and Entra's own), which only its operator can correct.
 */
const aboutTheApp = new Set([
  "invalid_client",
  "invalid_request",
  "invalid_resource",
  "invalid_scope",
  "unauthorized_client",
  "unsupported_response_type",
]);

const transient = new Set(["server_error", "temporarily_unavailable"]);

/** Errors that tell a silent sign-in that the person would have to be asked. */
const needsInteraction = new Set([
  "login_required",
  "interaction_required",
  "consent_required",
  "account_selection_required",
]);

/** Whether the error answers `prompt=none`: nobody can be signed in without being asked. */
export function isNotSignedIn({ error }: AuthorizationErrorResponse): boolean {
  return needsInteraction.has(error);
}

/**
 * The problem that an error response stands for. The response's texts are never shown, because anybody can write them into a
 * link. Entra says `access_denied` for most refusals, so its error number decides, taken from the URI or, if it has none, from
 * the text.
 */
export function authorizationError(response: AuthorizationErrorResponse): ProblemError {
  const { error } = response;
  const errorNo = errorNumberOf(response);
  const isOneOf = (group: keyof typeof numbers) => numbers[group].some((number) => number === errorNo);
  const cause = Object.assign(new Error("The answer to the sign-in is an error"), {
    errorNo,
    // The log gets only error names that are known here, because anybody can write a link.
    ...((aboutTheApp.has(error) || transient.has(error)) && { errorCode: error }),
  });
  const problem = (code: ProblemCode, detail: string) => new ProblemError(code, detail, { cause });
  if (isOneOf("adminConsent")) return adminConsentRequired(cause);
  if (isOneOf("otherDirectory")) return problem("tenant_not_allowed", "This account belongs to another directory.");
  if (isOneOf("notAssigned")) {
    return problem("account_not_assigned", "An administrator has to assign this account to the app.");
  }
  if (isOneOf("declined")) return problem("signin_cancelled", "The app was not given the permissions that it needs.");
  if (error === "access_denied") return problem("signin_cancelled", "You can sign in again at any time.");
  if (error === "consent_required") return adminConsentRequired(cause);
  if (aboutTheApp.has(error)) return appRefused(cause);
  if (transient.has(error)) return new IdentityProviderUnavailableError(cause);
  return problem("signin_refused", "Go back to the app and sign in again.");
}

/** @param cause may also come from the token endpoint, for a scope that nobody has consented to */
export function adminConsentRequired(cause?: unknown): ProblemError {
  const detail = "An administrator of your organization has to approve the permissions that the app requests.";
  return new ProblemError("admin_consent_required", detail, { cause });
}

/** The number of an error of Entra, the digits after `AADSTS`. */
export function errorNumberOf({ uri, description }: AuthorizationErrorResponse): string | undefined {
  return /[?&]code=(\d{4,7})(?:&|$)/.exec(uri ?? "")?.[1] ?? /^AADSTS(\d{4,7})\b/.exec(description ?? "")?.[1];
}

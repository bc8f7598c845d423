import type * as Msal from "@azure/msal-node";

/** Whether MSAL has thrown it. The error's members tell, because comparing classes would mean loading MSAL. */
export function isMsalError(error: unknown): error is Msal.AuthError {
  if (!(error instanceof Error)) return false;
  const { errorCode, subError } = error as Readonly<Partial<Record<"errorCode" | "subError", unknown>>>;
  return typeof errorCode === "string" && typeof subError === "string";
}

/** Whether the token endpoint wants the person to do something. */
export function wantsInteraction(error: Msal.AuthError): error is Msal.InteractionRequiredAuthError {
  return error.name === "InteractionRequiredAuthError";
}

/** Whether it is the token endpoint's own error (RFC 6749 section 5.2), rather than what MSAL makes of an answer. */
export function isServerError(error: Msal.AuthError): boolean {
  return error.name === "ServerError";
}

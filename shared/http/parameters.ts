import { ProblemError } from "../core/errors.ts";

/**
 * A query parameter that may be given only once (RFC 6749 section 3.1); null if it is missing or empty.
 * @param request its `query` is not used, because that joins repeated parameters with commas
 * @throws {ProblemError} `invalid_request` when it is repeated or longer than `maxLength` characters
 */
export function queryParameter(request: { readonly url: string }, name: string, maxLength?: number): string | null {
  return parameterOf(new URL(request.url).searchParams, name, maxLength);
}

/**
 * For a route whose address without a last name means all of something. `/auth/sessions/` is that address with a name that a
 * program has left out by mistake, and a host takes it for `/auth/sessions`.
 * @throws {ProblemError} `invalid_request`
 */
export function refuseEmptyName(request: { readonly url: string }): void {
  if (!new URL(request.url).pathname.endsWith("/")) return;
  throw new ProblemError("invalid_request", "The address ends with a slash. To mean all, leave the slash out.");
}

/** The same as {@link queryParameter} for the parameters of a form. */
export function parameterOf(parameters: URLSearchParams, name: string, maxLength = 2_048): string | null {
  const values = parameters.getAll(name);
  const [value = null] = values;
  if (values.length > 1) throw new ProblemError("invalid_request", `The parameter ${name} is given more than once.`);
  if (value !== null && value.length > maxLength) {
    throw new ProblemError("invalid_request", `The parameter ${name} is longer than ${maxLength} characters.`);
  }
  return value === "" ? null : value;
}

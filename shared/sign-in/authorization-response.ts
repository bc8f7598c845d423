import { ProblemError } from "../core/errors.ts";
import { parameterOf } from "../http/parameters.ts";
import { errorNumberOf, type AuthorizationErrorResponse } from "../identity/authorization-error.ts";

/** Authentication response (OpenID Connect Core 1.0 sections 3.1.2.5 and 3.1.2.6), as far as the app uses it. */
export interface AuthorizationResponse {
  readonly state: string;
  readonly code: string | null;
  readonly sessionState: string | null;
  readonly error: AuthorizationErrorResponse | undefined;
}

/**
 * The parameter with the code when the app passes a form on to itself. It is not `code`: the Functions host reads that as a
 * function key, on anonymous functions too, and then waits for the storage account that holds the keys.
 */
const ownCodeName = "authorization_code";
/** Characters. Entra's codes have one to two thousand. */
const maxCodeLength = 8_192;
/** Characters of the address that a form becomes: servers read request lines of 8 KiB, and theirs has the host in it. */
const maxAddressLength = 7_000;

/**
 * Reads the response from the query, which the identity provider has written itself, or {@link queryOfForm}.
 * @throws {ProblemError} `invalid_request` when `state` is missing, or a parameter is repeated or too long
 */
export function readResponse(query: URLSearchParams): AuthorizationResponse {
  const state = parameterOf(query, "state");
  if (state === null) throw missing("state");
  const code = parameterOf(query, "code", maxCodeLength);
  const ownCode = parameterOf(query, ownCodeName, maxCodeLength);
  if (code !== null && ownCode !== null) {
    throw new ProblemError("invalid_request", "The parameter code is given more than once.");
  }
  return {
    state,
    code: code ?? ownCode,
    sessionState: parameterOf(query, "session_state"),
    error: readError(query),
  };
}

function readError(parameters: URLSearchParams): AuthorizationErrorResponse | undefined {
  const error = parameterOf(parameters, "error");
  if (error === null) return undefined;
  return {
    error,
    description: parameterOf(parameters, "error_description", 8_192),
    uri: parameterOf(parameters, "error_uri"),
  };
}

/**
 * Makes the callback's query of a posted response (OAuth 2.0 Form Post Response Mode section 2). It holds only what the
 * callback reads and, of an error's description, which may name a person, only Entra's number.
 * @throws {ProblemError} `invalid_request` when a parameter is missing, repeated or too long
 */
export function queryOfForm(form: URLSearchParams): string {
  const state = parameterOf(form, "state");
  if (state === null) throw missing("state");
  const query = new URLSearchParams({ state });
  const code = parameterOf(form, "code", maxCodeLength);
  const sessionState = parameterOf(form, "session_state");
  const error = readError(form);
  if (code === null && !error) throw missing("code");
  if (error) {
    const number = errorNumberOf(error);
    query.set("error", error.error);
    if (number !== undefined) query.set("error_description", `AADSTS${number}`);
  } else if (code !== null) {
    query.set(ownCodeName, code);
    if (sessionState !== null) query.set("session_state", sessionState);
  }
  const text = query.toString();
  if (text.length > maxAddressLength) {
    throw new ProblemError("invalid_request", `The answer is longer than ${maxAddressLength} characters.`);
  }
  return text;
}

/** Parameter of a second look: Entra's number of the refusal, or 0. */
const refusedName = "refused";

/**
 * The address, below the base path, of a second look at a sign-in whose code was refused. If a form is sent twice, the second request finds its code
 * redeemed by the first, and the provider refuses it. The browser then asks once more, with the cookies that the first request
 * was answered with. It goes on if that one succeeded, and otherwise the person is told of the refusal.
 */
export function secondLook(state: string, refusal: unknown): string {
  const { errorNo } = ((refusal as Error).cause ?? {}) as { errorNo?: unknown };
  const number = /^\d{1,10}$/.test(String(errorNo)) ? String(errorNo) : "0";
  return `/auth/callback?${new URLSearchParams({ state, [refusedName]: number }).toString()}`;
}

/** In a second look, the refusal that it is about. @throws {ProblemError} `invalid_request` */
export function refusedBefore(query: URLSearchParams): Error | undefined {
  const errorNo = parameterOf(query, refusedName, 10);
  return errorNo === null ? undefined : Object.assign(new Error("Refused before"), { errorNo });
}

/** @throws {ProblemError} `invalid_request` */
export function codeOf({ code }: AuthorizationResponse): string {
  if (code === null) throw missing("code");
  return code;
}

function missing(name: string): ProblemError {
  return new ProblemError("invalid_request", `The parameter ${name} is missing.`);
}

import { asciiLowerCase } from "../core/encoding.ts";
import { ProblemError } from "../core/errors.ts";
import { parameterOf } from "../http/parameters.ts";
import { isClaimsRequest, maxClaimsLength } from "../identity/claims-request.ts";

/** What a caller of `/auth/login` may ask for beyond plain sign-in (OpenID Connect Core 1.0 section 3.1.2.1). */
export interface SignInOptions {
  readonly loginHint: string | null;
  readonly domainHint: string | null;
  readonly prompt: string | null;
  readonly extraScopes: readonly string[];
  /** The `claims` request parameter (OpenID Connect Core 1.0 section 5.5): a claims challenge passed on. */
  readonly claims: string | null;
  /** Seconds since the person last proved who they are, at most. */
  readonly maxAge: number | null;
  /** This and the next two are passed on as they are. */
  readonly uiLocales: string | null;
  readonly acrValues: string | null;
  readonly display: string | null;
  /** The configured API that the sign-in is for, so that the person can consent to it and do what its policies require. */
  readonly api?: string | undefined;
}

const prompts = ["login", "none", "consent", "select_account", "create"];
const displays = ["page", "popup", "touch", "wap"];
/** scope-token of RFC 6749 section 3.3. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
/** A language tag (RFC 5646 section 2.1), as far as its form goes. */
const languageTag = /^[a-z]{1,8}(-[a-z0-9]{1,8})*$/i;
/** The parameters by their names in the app's own routes and in the protocol. Callers may use either. */
const known = {
  returnUrl: "return_url",
  loginHint: "login_hint",
  domainHint: "domain_hint",
  prompt: "prompt",
  scope: "scope",
  claims: "claims",
  maxAge: "max_age",
  uiLocales: "ui_locales",
  acrValues: "acr_values",
  display: "display",
  api: "api",
} as const;

/**
 * Parameters of an authorization request that only the app may choose, or that it does not support: OpenID Connect Core 1.0
 * sections 3.1.2.1, 5.2 and 6, RFC 6749, 7636, 8707, 9396 and 9449.
 */
const refused = new Set([
  "response_type",
  "client_id",
  "redirect_uri",
  "response_mode",
  "state",
  "nonce",
  "id_token_hint",
  "claims_locales",
  "registration",
  "request",
  "request_uri",
  "code_challenge",
  "code_challenge_method",
  "resource",
  "authorization_details",
  "dpop_jkt",
]);

/** The return URL as it was asked for, under either of its names. */
export function askedReturnUrl(query: URLSearchParams): string | null {
  return either(query, "returnUrl", 8_192);
}

/** @throws {ProblemError} `invalid_request` naming the parameter */
export function parseSignInOptions(query: URLSearchParams): SignInOptions {
  refuseOthers(query);
  const api = checked(query, "api", 32, /^[a-z0-9-]+$/i, "the name of a configured API");
  const maxAge = checked(query, "maxAge", 9, /^\d+$/, "a number of seconds");
  return {
    loginHint: either(query, "loginHint", 320),
    domainHint: either(query, "domainHint", 255),
    prompt: oneOf(query, "prompt", prompts),
    extraScopes: (checked(query, "scope", 500, listOf(scopeToken), "scopes separated by spaces") ?? "")
      .split(" ")
      .filter(Boolean),
    claims: parseClaims(query),
    maxAge: maxAge === null ? null : Number(maxAge),
    uiLocales: checked(query, "uiLocales", 200, listOf(languageTag), "language tags separated by spaces"),
    acrValues: checked(query, "acrValues", 255, listOf(scopeToken), "values separated by spaces"),
    display: oneOf(query, "display", displays),
    ...(api !== null && { api: asciiLowerCase(api) }),
  };
}

/** The same, but nobody is signed in without being asked, unless the caller has said how to ask, or whom. */
export function askingForAccount(options: SignInOptions): SignInOptions {
  const { prompt, loginHint } = options;
  return prompt === null && loginHint === null ? { ...options, prompt: "select_account" } : options;
}

/** Refuses forbidden and misspelled parameters. Any others are ignored: mail and advertising add theirs to every link. */
function refuseOthers(query: URLSearchParams): void {
  const spellings = new Map(Object.entries(known).flatMap((names) => names.map((name) => [plain(name), name])));
  for (const name of query.keys()) {
    if (refused.has(name)) {
      throw new ProblemError("invalid_request", `The caller must not choose the parameter ${name}.`);
    }
    const meant = spellings.get(plain(name));
    if (meant !== undefined && !Object.entries(known).flat().includes(name)) {
      throw new ProblemError("invalid_request", `There is no parameter ${name}; it is spelled ${meant}.`);
    }
  }
}

function plain(name: string): string {
  return asciiLowerCase(name.replaceAll(/[_-]/g, ""));
}

function either(query: URLSearchParams, name: keyof typeof known, maxLength: number): string | null {
  const [own, standard] = [parameterOf(query, name, maxLength), known[name]];
  const other = standard === name ? null : parameterOf(query, standard, maxLength);
  if (own !== null && other !== null) {
    throw new ProblemError("invalid_request", `The parameter ${name} is given more than once.`);
  }
  return own ?? other;
}

function checked(
  query: URLSearchParams,
  name: keyof typeof known,
  maxLength: number,
  form: RegExp | { test(value: string): boolean },
  expected: string,
): string | null {
  const value = either(query, name, maxLength);
  if (value !== null && !form.test(value)) throw invalid(name, expected);
  return value;
}

function oneOf(query: URLSearchParams, name: keyof typeof known, values: readonly string[]): string | null {
  return checked(query, name, 40, { test: (value) => values.includes(value) }, values.join(", "));
}

function listOf(item: RegExp): { test(value: string): boolean } {
  return { test: (value) => value.split(" ").every((part) => part === "" || item.test(part)) };
}

function parseClaims(query: URLSearchParams): string | null {
  return checked(query, "claims", maxClaimsLength, { test: isClaimsRequest }, "a JSON object");
}

export function invalid(name: keyof typeof known, expected: string): ProblemError {
  return new ProblemError("invalid_request", `The parameter ${known[name]} is not valid; expected ${expected}.`);
}

import { isRecord } from "../encoding.ts";
import { ConditionError } from "../errors.ts";
import { queryParameter } from "../http/parameters.ts";

/** What a caller of `/auth/login` may ask for beyond plain sign-in. */
export interface SignInOptions {
  readonly loginHint: string | null;
  readonly domainHint: string | null;
  readonly prompt: string | null;
  readonly extraScopes: readonly string[];
  /** The `claims` request parameter (OpenID Connect Core 1.0 section 5.5): a claims challenge passed on. */
  readonly claims: string | null;
}

/** Characters of a `claims` request parameter: a URL has to hold it. */
export const maxClaimsLength = 4_096;

const prompts = new Set(["login", "none", "consent", "select_account", "create"]);
/** scope-token of RFC 6749 section 3.3. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** @throws {ConditionError} `invalid_request` naming the parameter */
export function parseSignInOptions(request: { readonly url: string }): SignInOptions {
  const prompt = queryParameter(request, "prompt");
  if (prompt !== null && !prompts.has(prompt)) throw invalid("prompt", [...prompts].join(", "));
  const extraScopes = (queryParameter(request, "scope", 500) ?? "").split(" ").filter(Boolean);
  if (!extraScopes.every((scope) => scopeToken.test(scope))) throw invalid("scope", "scopes separated by spaces");
  const claims = queryParameter(request, "claims", maxClaimsLength);
  if (claims !== null && !isJsonObject(claims)) throw invalid("claims", "a JSON object");
  return {
    loginHint: queryParameter(request, "loginHint", 320),
    domainHint: queryParameter(request, "domainHint", 255),
    prompt,
    extraScopes,
    claims,
  };
}

function isJsonObject(text: string): boolean {
  try {
    return isRecord(JSON.parse(text));
  } catch {
    return false;
  }
}

function invalid(name: string, expected: string): ConditionError {
  return new ConditionError("invalid_request", `The parameter ${name} is not valid; expected ${expected}.`);
}

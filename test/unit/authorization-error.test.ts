import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { authorizationError, isNotSignedIn } from "../../shared/identity/authorization-error.ts";

const text = (number: string) =>
  `AADSTS${number}: What an administrator reads.\r\nTrace ID: 1\r\nTimestamp: 2026-01-01`;
const uri = (number: string) => `https://login.microsoftonline.com/error?code=${number}`;
const codeOf = (error: string, description: string | null = null, errorUri: string | null = null) =>
  authorizationError({ error, description, uri: errorUri }).code;

describe("Entra's refusal of a sign-in means", () => {
  const refusals: readonly [what: string, code: string, error: string, number?: string][] = [
    ["that the person went back at the account picker", "signin_cancelled", "access_denied"],
    ["that the person did not agree to the permissions", "signin_cancelled", "access_denied", "65004"],
    ["the same, as the consent page says it", "signin_cancelled", "consent_required", "65004"],
    ["that only an administrator can agree", "admin_consent_required", "access_denied", "90094"],
    ["that the app is thought risky", "admin_consent_required", "access_denied", "900941"],
    ["that an administrator has been asked", "admin_consent_required", "access_denied", "90095"],
    ["that nobody has agreed yet", "admin_consent_required", "interaction_required", "65001"],
    ["that consent is missing", "admin_consent_required", "consent_required"],
    ["that the account is of another directory", "tenant_not_allowed", "access_denied", "50020"],
    ["that the app is not for personal accounts", "tenant_not_allowed", "access_denied", "500200"],
    ["that the account is not assigned to the app", "account_not_assigned", "access_denied", "50105"],
    ["that a policy blocks it", "signin_refused", "interaction_required", "53003"],
    ["trouble", "identity_provider_unavailable", "server_error"],
    ["trouble that passes", "identity_provider_unavailable", "temporarily_unavailable"],
    ["that the app asks for what it may not", "app_refused", "invalid_scope"],
    ["that the app is not registered as it says", "app_refused", "unauthorized_client"],
    ["something else", "signin_refused", "nobody_knows_this"],
  ];
  for (const [what, code, error, number] of refusals) {
    test(`${what}: ${error} ${number ?? ""}`, () => {
      assert.equal(codeOf(error, number && text(number)), code);
      if (number) assert.equal(codeOf(error, null, uri(number)), code);
    });
  }

  test("nothing more where its number is not at the place for it", () => {
    for (const description of ["see AADSTS90094", "AADSTS", "AADSTS9009412345", "aadsts90094"]) {
      assert.equal(codeOf("access_denied", description), "signin_cancelled", description);
    }
    for (const errorUri of ["https://evil.example/90094", "?xcode=90094", "?code=90094x"]) {
      assert.equal(codeOf("access_denied", null, errorUri), "signin_cancelled", errorUri);
    }
  });

  test("without its words being repeated", () => {
    for (const number of ["65004", "90094", "50020", "50105", "1"]) {
      const { message } = authorizationError({ error: "access_denied", description: text(number), uri: uri(number) });
      assert.doesNotMatch(message, /AADSTS|reads|Trace|login\.microsoftonline/);
    }
  });
});

const says = (error: string) => isNotSignedIn({ error, description: null, uri: null });

test("only an answer to a silent question says that nobody is signed in", () => {
  assert.deepEqual(["login_required", "consent_required", "access_denied", "server_error"].map(says), [
    true,
    true,
    false,
    false,
  ]);
});

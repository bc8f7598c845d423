import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as msal from "@azure/msal-node";
import { errors as joseErrors } from "jose";
import { AppIncompleteError, ProblemError } from "../../shared/core/errors.ts";
import { IdentityProviderUnavailableError } from "../../shared/identity/errors.ts";
import { isMsalError, isServerError, wantsInteraction } from "../../shared/identity/msal-errors.ts";
import { loadMsal } from "../../shared/identity/authority.ts";

/** One of each class that the package exports. */
const thrown = [msal.AuthError, msal.ClientAuthError, msal.ClientConfigurationError, msal.ServerError].map(
  (MsalError) => new MsalError("invalid_grant", "", "no"),
);
const interaction = new msal.InteractionRequiredAuthError("interaction_required", "", "no");

describe("an error", () => {
  for (const error of [...thrown, interaction]) {
    test(`is told for one of MSAL's, and of which kind, as its class would tell: ${error.constructor.name}`, () => {
      assert.ok(isMsalError(error));
      assert.equal(wantsInteraction(error), error instanceof msal.InteractionRequiredAuthError);
      assert.equal(isServerError(error), error instanceof msal.ServerError);
    });
  }

  const others = [
    new Error("no"),
    new ProblemError("app_refused", "no"),
    new IdentityProviderUnavailableError(),
    new joseErrors.JWTExpired("no", {}),
    Object.assign(new Error("no"), { code: "ECONNRESET", errorCode: 1 }),
    { errorCode: "invalid_grant", subError: "" },
    undefined,
  ];
  for (const error of others) {
    test(`of somebody else's is told from MSAL's: ${error instanceof Error ? error.name : typeof error}`, () => {
      assert.equal(isMsalError(error), false);
    });
  }
});

describe("loading MSAL", () => {
  test("gives everybody the same", async () => {
    const { signal } = new AbortController();
    const [one, other] = await Promise.all([loadMsal(signal), loadMsal(signal)]);
    assert.equal(one.ConfidentialClientApplication, other.ConfidentialClientApplication);
  });

  test("keeps nobody beyond the request's time", async () => {
    await assert.rejects(loadMsal(AbortSignal.abort()), (error: Error) => {
      assert.ok(error instanceof AppIncompleteError);
      assert.equal((error.cause as Error).name, "NoAnswerInTimeError");
      return true;
    });
  });
});

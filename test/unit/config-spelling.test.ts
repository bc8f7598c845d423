import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigurationError } from "../../shared/configuration/configuration.ts";
import { settings } from "../../shared/configuration/settings.ts";
import { clientId, configuration, tenantId } from "./support/environment.ts";

const [sourceType, secret] = [settings.credentialSourceType.name, settings.clientSecret.name];

const complete = {
  DownstreamApis__x__BaseUrl: "https://x.example",
  DownstreamApis__x__Scopes: "read",
};

describe("a setting given twice, in two spellings with two values, is named", () => {
  const twice: readonly [name: string, one: string, other: string, more?: Record<string, string | undefined>][] = [
    ["PublicBaseUrl", "https://app.example", "https://other.example"],
    ["AzureAd__Instance", "https://idp.example", "https://other.example"],
    ["AzureAd__TenantId", tenantId, clientId],
    ["AzureAd__ClientId", clientId, tenantId],
    ["AzureAd__AllowedTenants", tenantId, clientId, { AzureAd__TenantId: "organizations" }],
    [sourceType, "ClientSecret", "clientsecret"],
    [secret, "s3cret", "another"],
    ["CosmosDb__databaseName", "auth", "other"],
    [
      "CosmosDb__accountEndpoint",
      "https://store.example",
      "https://other.example",
      { CosmosDb: undefined, CosmosDb__clientId: clientId },
    ],
    ["Session__IdleTimeoutMinutes", "5", "6"],
    ["Session__MaxPerAccount", "5", "6"],
    ["Session__PersistentCookie", "true", "false"],
    ["Session__CookieName", "shop", "Shop"],
    ["SignOut__Scope", "account", "session"],
    ["DownstreamApis__x__BaseUrl", "https://x.example", "https://other.example"],
    ["DownstreamApis__x__Scopes", "read", "write"],
  ];
  for (const [name, ...values] of twice) {
    test(name, () => {
      const [one, other, more = {}] = values;
      for (const [first, second] of [
        [one, other],
        [other, one],
      ]) {
        const both = { ...complete, ...more, [name]: first, [name.toUpperCase()]: second };
        assert.throws(
          () => configuration(both),
          (error) => {
            assert.ok(error instanceof ConfigurationError);
            assert.deepEqual(
              error.problems.map(({ setting }) => setting),
              [name],
            );
            return true;
          },
        );
      }
    });
  }
});

test("a setting given twice with the same value is fine", () => {
  assert.equal(configuration({ PUBLICBASEURL: "https://app.example" }).publicBaseUrl, "https://app.example");
});

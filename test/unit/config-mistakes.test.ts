import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigurationError, loadConfiguration } from "../../shared/configuration/configuration.ts";
import { settings, type Setting } from "../../shared/configuration/settings.ts";
import { clientId, configuration, environment, tenantId } from "./support/environment.ts";
import type { Environment } from "../../shared/configuration/settings-reader.ts";

function mistakesOf(all: Environment): ConfigurationError {
  try {
    loadConfiguration(all);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
  }
  return assert.fail("the configuration was accepted");
}

/** The settings that are reported when `changes` are made to a valid environment. */
function blamed(changes: Environment): string[] {
  return mistakesOf(environment(changes)).problems.map(({ setting }) => setting);
}

const secretSetting = settings.clientSecret.name;
const sourceType = settings.credentialSourceType.name;
const managed = "SignedAssertionFromManagedIdentity";
const certificate = { [sourceType]: "Certificate", [secretSetting]: undefined };
const block = (label: string) => `-----BEGIN ${label}-----\nMIIB\n-----END ${label}-----\n`;

describe("a missing setting is named", () => {
  const required = ["PublicBaseUrl", "AzureAd__TenantId", "AzureAd__ClientId", sourceType, secretSetting, "CosmosDb"];
  for (const name of required) {
    test(name, () => {
      const [problem, ...others] = mistakesOf(environment({ [name]: undefined })).problems;
      assert.equal(problem?.setting, name);
      assert.match(problem?.problem ?? "", /^is missing.*; expected ./);
      assert.deepEqual(others, []);
    });
  }

  test("the certificate, when that is the credential", () => {
    assert.deepEqual(blamed(certificate), [settings.certificate.name]);
  });

  test("the managed identity, when that is the credential: Entra takes no system-assigned one", () => {
    const identity = { [sourceType]: managed, [secretSetting]: undefined };
    assert.deepEqual(blamed(identity), [settings.managedIdentityClientId.name]);
  });

  test("either half of a downstream API", () => {
    assert.deepEqual(blamed({ DownstreamApis__x__BaseUrl: "https://x.example" }), ["DownstreamApis__x__Scopes"]);
    assert.deepEqual(blamed({ DownstreamApis__x__Scopes: "read" }), ["DownstreamApis__x__BaseUrl"]);
  });
});

describe("a setting that an API does not have is named, and the nearest that it has", () => {
  const misspelt: readonly [name: string, nearest: string][] = [
    ["BaseURI", "BaseUrl"],
    ["Scope", "Scopes"],
    ["AllowEncodedSlash", "AllowEncodedSlashes"],
    ["TimeoutSecond", "TimeoutSeconds"],
    ["Method", "Methods"],
    ["Header__Key", "Headers__<Name>"],
  ];
  for (const [name, nearest] of misspelt) {
    test(name, () => {
      const given = { ...named("x"), [`DownstreamApis__x__${name}`]: "true" };
      const { problems } = mistakesOf(environment(given));
      const setting = `DownstreamApis__x__${name}`;
      const problem = `is no setting of an API; the nearest is DownstreamApis__x__${nearest}`;
      assert.deepEqual(problems, [{ setting, problem }]);
    });
  }
});

describe("a name that differs from a setting's by a letter or two is named, and the setting", () => {
  const misspelt: readonly [name: string, nearest: string][] = [
    // Every tenant would be allowed.
    ["AzureAd__AllowedTenant", "AzureAd__AllowedTenants"],
    ["Session__IdleTimoutMinutes", "Session__IdleTimeoutMinutes"],
    ["session__maxperacount", "Session__MaxPerAccount"],
    ["SignOut__Scopes", "SignOut__Scope"],
    ["Directory__Notification", "Directory__Notifications"],
    ["AzureAd:AllowedTenants", "AzureAd__AllowedTenants"],
    ["DownstreamApis:orders:BaseUrl", "DownstreamApis__orders__BaseUrl"],
  ];
  for (const [name, nearest] of misspelt) {
    test(name, () => {
      const { problems } = mistakesOf(environment({ [name]: "true" }));
      assert.deepEqual(problems, [{ setting: name, problem: `is no setting; the nearest is ${nearest}` }]);
    });
  }

  test("but not one of another version or of something else", () => {
    configuration({
      Session__Later: "1",
      AzureAd__CallbackPath: "/signin-oidc",
      AzureAd__ClientCredentials__1__SourceType: "ClientSecret",
      Orders__Scope: "1",
    });
  });
});

const named = (name: string) => ({
  [`DownstreamApis__${name}__BaseUrl`]: "https://x.example",
  [`DownstreamApis__${name}__Scopes`]: "read",
});

describe("a malformed setting is named", () => {
  const malformed: readonly [name: string, ...values: string[]][] = [
    [
      "PublicBaseUrl",
      "app.example",
      "http://app.example",
      "http://127.0.0.1.evil.example",
      "http://localhost.evil.example",
      "ftp://app.example",
      "https://app.example//base",
      "https://app.example/base//",
      "https://app.example/ba.se",
      "https://app.example/ba%73e",
      `https://app.example/${"x".repeat(50)}`,
      "https://app.example?x=1",
      "https://app.example/#x",
      "https://user:word@app.example",
      "javascript:alert(1)",
    ],
    [
      "AzureAd__Instance",
      "login.microsoftonline.com",
      "http://login.microsoftonline.com",
      "http://127.0.0.1:7072",
      "https://user:word@idp.example",
      "https://idp.example/?x=1",
      "https://login.microsoftonline.com/common",
      `https://login.microsoftonline.com/${tenantId}/v2.0`,
    ],
    ["AzureAd__TenantId", "my tenant", "everyone", "../common", `${tenantId}x`],
    ["AzureAd__ClientId", "my-app", `{${clientId}}`],
    [sourceType, "KeyVault", "secret"],
    [secretSetting, "@Microsoft.KeyVault(SecretUri=https://v.example/secrets/s)"],
    ["CosmosDb__databaseName", "a/b", "a\\b", "a#b", "a?b", "x".repeat(256)],
    [
      "CosmosDb",
      "store.example",
      "AccountEndpoint=https://store.example/",
      "AccountKey=QUFB;",
      "AccountEndpoint=http://store.example/;AccountKey=QUFB;",
      "AccountEndpoint=;AccountKey=QUFB;",
    ],
    ["Session__IdleTimeoutMinutes", "0", "-5", "1.5", "1h", "43201", "1e3"],
    ["Session__AbsoluteTimeoutMinutes", "0", "129601", "forever"],
    ["Session__RevalidateMinutes", "-1", "129601", "never"],
    ["Session__NotBefore", "yesterday", "2026-12-01", "2026-12-01T18:00:00", "2026-13-01T18:00:00Z", "1764612000"],
    ["Session__MaxPerAccount", "0", "51", "many"],
    ["Session__PersistentCookie", "yes", "1", "90"],
    [
      "Session__CookieName",
      "__Host-shop",
      "__Secure-shop",
      "__host-shop",
      "__Http-shop",
      "__shop",
      "a b",
      "a;b",
      "a=b",
      "a,b",
    ],
    ["Session__CookieName", '"shop"', "shöp", "shop\u00a0x", "a/b", "a(b)", "x".repeat(65)],
    ["SignOut__Scope", "everything", "accounts"],
    ["DownstreamApis__x__Token", "User", "none"],
    [
      "DownstreamApis__x__Scopes",
      "User.Read api://orders/read",
      "https://a.example/.default https://b.example/.default",
    ],
    ["DownstreamApis__x__Methods", "GET FETCH", "OPTIONS", "*"],
    ["DownstreamApis__x__Paths", "me?x", "a/**/b", "a**", "a#b", String.raw`a\b`],
    ["DownstreamApis__x__RequireSession", "no"],
    ["DownstreamApis__x__AllowEncodedSlashes", "yes"],
    ["DownstreamApis__x__MaxRequestBytes", "-1", "1 MB", "1000000000001"],
    ["DownstreamApis__x__TimeoutSeconds", "0", "231", "1.5"],
    ["DownstreamApis__x__IdleTimeoutSeconds", "0", "3601"],
    ["DownstreamApis__x__Caching", "public"],
    ["DownstreamApis__x__Headers__Key", "caf\u00e9", "@Microsoft.KeyVault(SecretUri=https://v.example/secrets/k)"],
    ["DownstreamApis__x__Headers__Authorization", "Basic eDp5"],
    ["DownstreamApis__x__Headers__Content_Length", "1"],
    ["DownstreamApis__x__Headers__Host", "other.example"],
    ["DownstreamApis__x__Headers__a b", "1"],
  ];
  for (const [name, ...values] of malformed) {
    for (const value of values)
      test(`${name}=${value.slice(0, 60)}`, () => {
        const others = name.startsWith("DownstreamApis__") ? named("x") : {};
        assert.ok(blamed({ ...others, [name]: value }).includes(name));
      });
  }

  test("the scopes of an API that the app calls with its own token, or with none", () => {
    const name = "DownstreamApis__x__Scopes";
    for (const [kind, scopes] of [
      ["AppToken", "api://orders/read"],
      ["AppToken", "api://orders/.default api://orders/read"],
      ["Anonymous", "read"],
    ] as const) {
      assert.deepEqual(blamed({ ...named("x"), DownstreamApis__x__Token: kind, [name]: scopes }), [name]);
    }
  });

  test("an API that is open to everybody, and needs a person all the same", () => {
    const name = "DownstreamApis__x__RequireSession";
    const open = {
      ...named("x"),
      DownstreamApis__x__Scopes: undefined,
      DownstreamApis__x__Token: "Anonymous",
      [name]: "false",
    };
    for (const more of [
      { DownstreamApis__x__Token: undefined, DownstreamApis__x__Scopes: "read" },
      { DownstreamApis__x__Token: "AppToken", DownstreamApis__x__Scopes: "api://o/.default" },
      { DownstreamApis__x__RequireRole: "Reader" },
      { DownstreamApis__x__Caching: "private" },
    ]) {
      assert.deepEqual(blamed({ ...open, ...more }), [name]);
    }
  });

  test("the app's own token where people of several tenants sign in", () => {
    const api = { ...named("x"), DownstreamApis__x__Token: "AppToken", DownstreamApis__x__Scopes: "api://o/.default" };
    assert.deepEqual(blamed({ ...api, AzureAd__TenantId: "organizations" }), ["DownstreamApis__x__Token"]);
  });

  test("a fixed header that two settings give", () => {
    const twice = { DownstreamApis__x__Headers__Api_Key: "1", "DownstreamApis__x__Headers__Api-Key": "2" };
    assert.equal(blamed({ ...named("x"), ...twice }).length, 1);
  });

  test("an endpoint of the account store that is not https", () => {
    const name = "CosmosDb__accountEndpoint";
    for (const value of ["http://127.0.0.1:7074", "store.example"]) {
      assert.deepEqual(blamed({ CosmosDb: undefined, [name]: value }), [name]);
    }
  });

  test("a base URL to which a token would go in the clear", () => {
    const api = { DownstreamApis__x__Scopes: "read" };
    for (const value of [
      "http://api.example",
      "http://127.0.0.1.evil.example",
      "file:///etc",
      "https://u:p@api.example",
    ]) {
      assert.deepEqual(blamed({ ...api, DownstreamApis__x__BaseUrl: value }), ["DownstreamApis__x__BaseUrl"], value);
    }
  });

  test("an API name that cannot stand in a route", () => {
    for (const name of ["my.api", "a/b", "-x", "a__b", "x".repeat(33)])
      assert.equal(blamed(named(name)).length, 1, name);
  });

  test("the end of a secret that is no time, or of a credential that is none", () => {
    const { name } = settings.clientSecretExpires;
    for (const time of ["next year", "2027-02-30T00:00", "1.6.2027"])
      assert.deepEqual(blamed({ [name]: time }), [name]);
    const identity = { [sourceType]: managed, [secretSetting]: undefined };
    const given = { ...identity, [settings.managedIdentityClientId.name]: clientId, [name]: "2027-06-01" };
    assert.deepEqual(blamed(given), [name]);
  });

  test("a certificate without its key", () => {
    assert.deepEqual(blamed({ ...certificate, [settings.certificate.name]: block("CERTIFICATE") }), [
      settings.certificate.name,
    ]);
  });

  test("a certificate whose key is of a kind that signing would refuse at the first sign-in", () => {
    for (const kind of ["ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"]) {
      const pem = block("CERTIFICATE") + block(kind);
      assert.deepEqual(blamed({ ...certificate, [settings.certificate.name]: pem }), [settings.certificate.name], kind);
    }
  });

  test("a connection string that the store's client would refuse at the first request", () => {
    const [endpoint, key] = ["https://store.example/", "QUFB"];
    for (const value of [
      `accountendpoint=${endpoint};accountkey=${key};`,
      `AccountEndpoint=${endpoint}; AccountKey=${key};`,
    ]) {
      assert.deepEqual(blamed({ CosmosDb: value }), ["CosmosDb"], value);
    }
  });
});

describe("a contradiction is named", () => {
  test("a tenant list for a single tenant", () => {
    assert.deepEqual(blamed({ AzureAd__AllowedTenants: tenantId }), ["AzureAd__AllowedTenants"]);
  });

  test("a secret beside a managed identity", () => {
    const identity = { [sourceType]: managed, [settings.managedIdentityClientId.name]: clientId };
    assert.deepEqual(blamed(identity), [secretSetting]);
  });

  test("a managed identity beside a secret", () => {
    const name = settings.managedIdentityClientId.name;
    assert.deepEqual(blamed({ [name]: clientId }), [name]);
  });

  test("two ways to the account store", () => {
    const name = settings.cosmosAccountEndpoint.name;
    assert.deepEqual(blamed({ [name]: "https://store.example" }), [name]);
    assert.deepEqual(blamed({ CosmosDb__clientId: clientId }), ["CosmosDb__clientId"]);
  });

  test("an idle lifetime beyond the absolute one, also when only one of them is said", () => {
    const name = "Session__IdleTimeoutMinutes";
    assert.deepEqual(blamed({ [name]: "30", Session__AbsoluteTimeoutMinutes: "20" }), [name]);
    assert.deepEqual(blamed({ [name]: "721" }), [name]);
    assert.deepEqual(blamed({ Session__AbsoluteTimeoutMinutes: "59" }), [name]);
  });
});

describe("the report", () => {
  test("names every mistake at once, one line each", () => {
    const error = mistakesOf({});
    assert.deepEqual(
      error.problems.map(({ setting }) => setting),
      ["PublicBaseUrl", "AzureAd__TenantId", "AzureAd__ClientId", sourceType, "CosmosDb"],
    );
    assert.equal(error.message.split("\n").length, error.problems.length);
    assert.equal(error.code, "configuration_invalid");
  });

  test("never holds a value", () => {
    const wrong = Object.fromEntries(
      Object.values(settings).map(({ name }: Setting) => [name.replace("<name>", "x"), `hunter2 ${name} /\\#?`]),
    );
    assert.doesNotMatch(mistakesOf(wrong).message, /hunter2/);
    const kinds = { [sourceType]: "SignedAssertionFromManagedIdentity", [secretSetting]: "hunter2" };
    assert.doesNotMatch(mistakesOf(environment(kinds)).message, /hunter2/);
  });

  test("names settings as they are listed, so that the documentation can be searched for them", () => {
    const listed = new Set(Object.values(settings).map(({ name }) => name as string));
    for (const { setting } of mistakesOf({ DownstreamApis__orders__Scopes: "x" }).problems) {
      assert.ok(listed.has(setting.replace("__orders__", "__<name>__")), setting);
    }
  });
});

const problems = (all: Environment) => {
  try {
    return void configuration(all);
  } catch (error) {
    return error instanceof ConfigurationError ? error.message : assert.fail(String(error));
  }
};

describe("the list of settings is the settings that are read", () => {
  const nothing = { [sourceType]: undefined, [secretSetting]: undefined, CosmosDb: undefined };
  const alternatives: Environment[] = [{}, { ...nothing, [sourceType]: "Certificate" }, nothing];

  for (const { name } of Object.values(settings)) {
    test(`${name} is read: a wrong value of it is noticed`, () => {
      const wrong = { [name.replace("<name>", "x")]: "// wrong #?" };
      const isNoticed = alternatives.some((rest) => {
        return problems(rest) !== problems({ ...rest, ...wrong });
      });
      // A client secret can be anything; that it is read is seen by its presence.
      assert.ok(isNoticed || name === secretSetting);
    });
  }

  test("no name is listed twice", () => {
    const names = Object.values(settings).map(({ name }) => name.toLowerCase());
    assert.equal(new Set(names).size, names.length);
  });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formerMaxAttempts } from "../../shared/configuration/settings.ts";
import type { Environment } from "../../shared/configuration/settings-reader.ts";
import { apiConfiguration, apiSettings, clientId, configuration, tenantId } from "./support/environment.ts";
import { pair, selfSigned } from "./support/certificate.ts";

const pem = (selfSigned() + pair.privateKey).replaceAll("\r", "").trim().split("\n");

describe("scopes that a page of the app may ask for", () => {
  test("are none unless the setting names them", () => {
    assert.deepEqual(configuration({ AzureAd__ExtraScopes: " Mail.Read  api://x/y " }).azureAd.extraScopes, [
      "Mail.Read",
      "api://x/y",
    ]);
  });

  test("are refused where they are none", () => {
    for (const value of ['Mail.Read "', "a\\b", "caf\u00e9"]) {
      assert.throws(() => configuration({ AzureAd__ExtraScopes: value }), /AzureAd__ExtraScopes/, value);
    }
  });
});

describe("a configuration that only says what it must", () => {
  const minimal = configuration();

  test("signs in at Microsoft's public cloud, in one tenant", () => {
    assert.deepEqual(minimal.azureAd, {
      instance: "https://login.microsoftonline.com/",
      authorityHost: "login.microsoftonline.com",
      tenantId,
      isMultiTenant: false,
      allowedTenants: [],
      clientId,
      extraScopes: [],
      credential: { kind: "secret", secret: "s3cret-of-the-app" },
    });
  });

  test("has an hour of idle and twelve of absolute lifetime, ten sessions, and signs out the whole account", () => {
    assert.deepEqual(minimal.session, {
      idleTimeoutMinutes: 60,
      absoluteTimeoutMinutes: 720,
      revalidateMinutes: 60,
      notBefore: undefined,
      maxPerAccount: 10,
      persistentCookie: false,
      cookieName: "session",
    });
    assert.equal(minimal.signOut.scope, "account");
  });

  test("calls Microsoft Graph and keeps its documents in the database auth", () => {
    assert.deepEqual(
      [...minimal.downstreamApis.values()].map(({ name, baseUrl, scopes }) => ({ name, baseUrl, scopes })),
      [
        {
          name: "graph",
          baseUrl: "https://graph.microsoft.com/v1.0",
          scopes: ["User.Read"],
        },
      ],
    );
    assert.equal(minimal.cosmosDb.databaseName, "auth");
  });
});

const storage = "AzureWebJobsStorage";
const signOutOf = (changes: Environment) => configuration({ [storage]: undefined, ...changes }).signOut;

describe("sign-outs that have to wait", () => {
  const uri = "https://account.queue.core.windows.net";
  const identity = "66666666-6666-4666-8666-666666666666";

  for (const [what, given, queue] of [
    ["the host's connection string", { [storage]: "a" }, { kind: "connectionString", connectionString: "a" }],
    [
      "the host's managed identity",
      { [`${storage}__queueServiceUri`]: uri, [`${storage}__clientId`]: identity },
      { kind: "identity", serviceUri: uri, clientId: identity },
    ],
    [
      "the name of the host's account",
      { [`${storage}__accountName`]: "account" },
      { kind: "identity", serviceUri: uri, clientId: undefined },
    ],
    [
      "the connection string, where both are given, as the host does",
      { [storage]: "a", [`${storage}__queueServiceUri`]: uri },
      { kind: "connectionString", connectionString: "a" },
    ],
    ["nothing, where the host has no storage account", {}, undefined],
  ] as const) {
    test(`wait in the queue that is reached by ${what}`, () => {
      assert.deepEqual(signOutOf(given).queue, queue);
    });
  }

  test("have as many attempts as the setting says, or the one that it was called before", () => {
    assert.equal(signOutOf({}).maxAttempts, 120);
    assert.equal(signOutOf({ [formerMaxAttempts]: "7" }).maxAttempts, 7);
    assert.equal(signOutOf({ [formerMaxAttempts]: "7", SignOut__MaxAttempts: "8" }).maxAttempts, 8);
  });

  for (const schedule of [
    "* * * * * *",
    "0 */5 * * * *",
    "0 0,30 9-17/2 1-15 JAN-March,12 Mon-fri",
    "59 59 23 31 12 6",
    "00  05 01 01 01 0",
  ]) {
    test(`are finished on the schedule ${schedule}`, () => {
      const { signOut, directory } = configuration({
        SignOut__FinishSchedule: schedule,
        Directory__Notifications: "true",
        Directory__Schedule: schedule,
      });
      assert.deepEqual([signOut.finishSchedule, directory?.schedule], [schedule, schedule]);
    });
  }

  for (const schedule of [
    "99 99 99 99 99 99",
    "60 * * * * *",
    "* * 24 * * *",
    "* * * 0 * *",
    "* * * * 13 *",
    "* * * * * 7",
    "*/5 * * * *",
    "* * * * * * *",
    "0 */0 * * * *",
    "0 *//5 * * * *",
    "0 1-2-3 * * * *",
    "0 1, * * * *",
    "0 * * L * ?",
    "@daily",
    "00:05:00",
    "0 * * * Janu *",
  ]) {
    test(`are not finished on ${schedule}, which is no schedule for the host`, () => {
      for (const name of ["SignOut__FinishSchedule", "Directory__Schedule"]) {
        assert.throws(() => configuration({ [name]: schedule }), { message: new RegExp(`${name}.*NCRONTAB`) }, name);
      }
    });
  }
});

const originOf = (PublicBaseUrl: string | undefined, WEBSITE_HOSTNAME?: string) =>
  configuration({ PublicBaseUrl, WEBSITE_HOSTNAME }).publicBaseUrl;

describe("the public origin", () => {
  test("is the platform's host name where nothing else is said", () => {
    assert.equal(originOf(undefined, "app.azurewebsites.net"), "https://app.azurewebsites.net");
  });

  test("is what is said, rather than the platform's host name", () => {
    assert.equal(originOf("https://app.example/", "app.azurewebsites.net"), "https://app.example");
  });

  test("is written as browsers write it: lower case, no default port, no trailing slash", () => {
    assert.equal(originOf("https://APP.example:443/"), "https://app.example");
  });

  test("may be http on localhost", () => {
    assert.equal(originOf("http://localhost:7071"), "http://localhost:7071");
  });
});

const routePrefix = "AzureFunctionsJobHost__extensions__http__routePrefix";
const below = (path: string, changes = {}) =>
  configuration({ PublicBaseUrl: `https://app.example${path}`, ...changes });

describe("an app below a path", () => {
  test("knows the path, and its origin without it", () => {
    for (const path of ["/orders", "/orders/", "/Contoso/orders-2_b"]) {
      const { publicBaseUrl, publicOrigin, basePath, hostPath } = below(path);
      const expected = path.replace(/\/$/, "");
      assert.equal(publicBaseUrl, `https://app.example${expected}`);
      assert.deepEqual([publicOrigin, basePath, hostPath], ["https://app.example", expected, ""]);
    }
  });

  test("sees the path in requests, too, if the host's route prefix says so", () => {
    for (const prefix of ["orders", "/orders/"])
      assert.equal(below("/orders", { [routePrefix]: prefix }).hostPath, "/orders");
  });

  test("has cookies of its own name, unless it is given one", () => {
    assert.equal(below("").session.cookieName, "session");
    assert.equal(below("/contoso/orders").session.cookieName, "session.contoso.orders");
    assert.equal(below("/orders", { Session__CookieName: "other" }).session.cookieName, "other");
  });

  test("has its APIs below the path", () => {
    assert.equal(below("/orders").downstreamApis.get("graph")?.publicPath, "/orders/api/graph");
  });
});

describe("ways to say the same", () => {
  test("setting names are case-insensitive", () => {
    assert.equal(
      configuration({ PublicBaseUrl: undefined, PUBLICBASEURL: "https://b.example" }).publicBaseUrl,
      "https://b.example",
    );
    assert.equal(configuration({ signout__scope: "session" }).signOut.scope, "session");
  });

  test("values are trimmed, and an empty value is none", () => {
    assert.equal(configuration({ SignOut__Scope: " session " }).signOut.scope, "session");
    assert.equal(configuration({ SignOut__Scope: "  " }).signOut.scope, "account");
  });

  test("choices are case-insensitive", () => {
    assert.equal(configuration({ SignOut__Scope: "SESSION" }).signOut.scope, "session");
  });

  test("GUIDs are compared in lower case", () => {
    const { azureAd } = configuration({
      AzureAd__TenantId: "ORGANIZATIONS",
      AzureAd__ClientId: clientId.toUpperCase(),
      AzureAd__AllowedTenants: `${tenantId.toUpperCase()}, ${clientId}`,
    });
    assert.deepEqual(azureAd.allowedTenants, [tenantId, clientId]);
    assert.equal(azureAd.clientId, clientId);
    assert.equal(azureAd.isMultiTenant, true);
    assert.equal(azureAd.tenantId, "organizations");
  });

  test("an instance without a trailing slash gets one", () => {
    assert.equal(configuration({ AzureAd__Instance: "https://idp.example" }).azureAd.instance, "https://idp.example/");
  });

  test("a tenant may be named by its domain", () => {
    assert.equal(
      configuration({ AzureAd__TenantId: "Contoso.onmicrosoft.com" }).azureAd.tenantId,
      "contoso.onmicrosoft.com",
    );
  });
});

const credentialOf = (sourceType: string, more: Record<string, string> = {}) =>
  configuration({
    AzureAd__ClientCredentials__0__SourceType: sourceType,
    AzureAd__ClientCredentials__0__ClientSecret: undefined,
    ...more,
  }).azureAd.credential;

describe("the app's credential", () => {
  test("can be a user-assigned managed identity", () => {
    const sourceType = "SignedAssertionFromManagedIdentity";
    assert.deepEqual(credentialOf(sourceType, { AzureAd__ClientCredentials__0__ManagedIdentityClientId: clientId }), {
      kind: "managedIdentity",
      clientId,
    });
  });

  test("can be a certificate, with line breaks written as they are or as \\n", () => {
    const written = (separator: string) => ({ AzureAd__ClientCredentials__0__Certificate: pem.join(separator) });
    const expected = { kind: "certificate", pem: pem.join("\n") };
    assert.deepEqual(credentialOf("Certificate", written("\n")), expected);
    assert.deepEqual(credentialOf("certificate", written(String.raw`\n`)), expected);
  });
});

describe("the account store", () => {
  test("can be reached by connection string", () => {
    const connectionString = "AccountEndpoint=http://127.0.0.1:7074/;AccountKey=QUFB;";
    assert.deepEqual(configuration({ CosmosDb: connectionString }).cosmosDb.connection, {
      kind: "connectionString",
      connectionString,
    });
  });

  test("can be reached by managed identity", () => {
    const settings = { CosmosDb: undefined, CosmosDb__accountEndpoint: "https://store.example:443/" };
    const expected = { kind: "identity", endpoint: "https://store.example/", clientId: undefined };
    assert.deepEqual(configuration(settings).cosmosDb.connection, expected);
    assert.deepEqual(configuration({ ...settings, CosmosDb__clientId: clientId }).cosmosDb.connection, {
      ...expected,
      clientId,
    });
  });

  test("can be in another database", () => {
    assert.equal(configuration({ CosmosDb__databaseName: "people" }).cosmosDb.databaseName, "people");
  });
});

describe("downstream APIs", () => {
  const two = configuration({
    DownstreamApis__Orders__BaseUrl: "https://orders.example/v2/",
    DownstreamApis__Orders__Scopes: "api://orders/read  api://orders/write",
    DownstreamApis__graph__BaseUrl: "http://127.0.0.1:7075/v1.0",
    DownstreamApis__graph__Scopes: "User.Read",
  }).downstreamApis;

  test("are known by name in lower case, graph first", () => {
    assert.deepEqual([...two.keys()], ["graph", "orders"]);
  });

  test("have a base URL without a trailing slash and a list of scopes", () => {
    const { name, baseUrl, scopes } = two.get("orders") ?? assert.fail();
    assert.deepEqual([name, baseUrl], ["orders", "https://orders.example/v2"]);
    assert.deepEqual(scopes, ["api://orders/read", "api://orders/write"]);
  });
});

describe("an API of one's own", () => {
  const orders = apiSettings("orders", { Scopes: "api://orders/read" });

  test("is beside Microsoft Graph, which people still sign in for first", () => {
    const { downstreamApis } = configuration(orders);
    assert.deepEqual([...downstreamApis.keys()], ["graph", "orders"]);
    assert.equal(downstreamApis.get("graph")?.baseUrl, "https://graph.microsoft.com/v1.0");
  });

  test("is the only one where the settings say that there is no Graph", () => {
    const none = { DownstreamApis__Graph__BaseUrl: "None" };
    assert.deepEqual([...configuration({ ...orders, ...none }).downstreamApis.keys()], ["orders"]);
    assert.deepEqual([...configuration(none).downstreamApis.keys()], []);
  });
});

describe("a downstream API", () => {
  test("by default is called with the person's token, by every method and on every path", () => {
    const { name: _name, baseUrl: _baseUrl, scopes: _scopes, ...others } = apiConfiguration("x");
    assert.deepEqual(others, {
      publicPath: "/api/x",
      token: "UserToken",
      appScope: undefined,
      headers: {},
      methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
      paths: undefined,
      requireSession: true,
      roles: undefined,
      allowEncodedSlashes: false,
      maxRequestBytes: 104_857_600,
      timeoutSeconds: 30,
      idleTimeoutSeconds: 100,
      caching: "no-store",
    });
  });

  test("may be called with the app's own token, or with none: people do not sign in for it", () => {
    const { scopes, appScope } = apiConfiguration("x", { Token: "AppToken", Scopes: "api://orders/.default" });
    assert.deepEqual([scopes, appScope], [[], "api://orders/.default"]);
    const open = apiConfiguration("x", { Token: "anonymous", Scopes: undefined, Headers__Authorization: "Basic eDp5" });
    assert.deepEqual([open.token, open.scopes, open.headers], ["Anonymous", [], { authorization: "Basic eDp5" }]);
    const forAll = { Token: "Anonymous", Scopes: undefined, RequireSession: "false" };
    assert.deepEqual([open.requireSession, apiConfiguration("x", forAll).requireSession], [true, false]);
    const mixed = { ...apiSettings("a", { Token: "Anonymous", Scopes: undefined }), ...apiSettings("b") };
    assert.deepEqual([...configuration(mixed).downstreamApis.keys()], ["graph", "b", "a"]);
  });

  test("may have fields of its own, with hyphens for what settings in Azure cannot have in their names", () => {
    const { headers } = apiConfiguration("x", { Headers__Ocp_Apim_Subscription_Key: "k3y", "Headers__X-Own": "1" });
    assert.deepEqual(headers, { "ocp-apim-subscription-key": "k3y", "x-own": "1" });
  });

  test("may be open in part", () => {
    const { methods, paths } = apiConfiguration("x", { Methods: "get post", Paths: "/me  me/messages/*" });
    assert.deepEqual(
      [methods, paths],
      [
        ["GET", "POST", "HEAD"],
        [/^me$/, /^me\/messages\/[^/]+$/],
      ],
    );
  });

  test("has scopes of one resource, by whatever name", () => {
    for (const scopes of [
      "User.Read https://graph.microsoft.com/Mail.Read openid",
      "https://management.azure.com//.default",
      "api://Orders/a API://orders/b",
    ]) {
      assert.ok(apiConfiguration("x", { Scopes: scopes }).scopes.length > 0);
    }
  });
});

const frozen = (value: object) => Object.isFrozen(value);

describe("a configuration cannot be changed", () => {
  const loaded = configuration();

  test("not in its parts", () => {
    const { azureAd, cosmosDb, session, signOut } = loaded;
    const parts = [
      loaded,
      azureAd,
      azureAd.credential,
      azureAd.allowedTenants,
      cosmosDb,
      cosmosDb.connection,
      session,
      signOut,
    ];
    assert.ok(parts.every(frozen));
  });

  test("not in its downstream APIs either", () => {
    const graph = loaded.downstreamApis.get("graph");
    assert.ok(graph && frozen(graph) && frozen(graph.scopes), "the API that tokens are sent to can be exchanged");
  });
});

test("the session's cookie is named and kept as the settings say", () => {
  const { session } = configuration({
    Session__CookieName: "shop.v2_!#$%&'*+^`|~-",
    Session__PersistentCookie: "True",
  });
  assert.deepEqual([session.cookieName, session.persistentCookie], ["shop.v2_!#$%&'*+^`|~-", true]);
  assert.equal(configuration({ Session__CookieName: "x".repeat(64) }).session.cookieName.length, 64);
});

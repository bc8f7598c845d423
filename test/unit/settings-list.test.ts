import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, mock, test } from "node:test";
import { configurationPage } from "../../scripts/docs/configuration.ts";
import { ConfigurationError, loadConfiguration } from "../../shared/configuration/configuration.ts";
import { SettingsReader, type Environment } from "../../shared/configuration/settings-reader.ts";
import { formerMaxAttempts, settings } from "../../shared/configuration/settings.ts";
import { hostSettings, platformHostName, storageSettings } from "../../shared/configuration/host-settings.ts";
import { apiSettings, environment } from "./support/environment.ts";

const credential = "AzureAd__ClientCredentials__0__";

/** Between them they lead through every branch of reading. */
const environments: readonly Environment[] = [
  {},
  environment(),
  environment({ PublicBaseUrl: undefined, WEBSITE_HOSTNAME: "app.example" }),
  environment({ [`${credential}SourceType`]: "SignedAssertionFromManagedIdentity", CosmosDb: undefined }),
  environment({ [`${credential}SourceType`]: "Certificate", CosmosDb__accountEndpoint: "https://store.example" }),
  environment({
    AzureWebJobsStorage: undefined,
    AzureWebJobsStorage__queueServiceUri: "https://account.queue.core.windows.net",
  }),
  environment({ [settings.signOutMaxAttempts.name]: "2" }),
  environment(apiSettings("orders", { Headers__Key: "1" })),
  environment({ Directory__Notifications: "true", AzureAd__TenantId: "contoso.example" }),
];

/** The setting names, as in the list, that reading `given` asks for. */
function namesRead(given: Environment): string[] {
  const raw = mock.method(SettingsReader.prototype, "raw");
  try {
    loadConfiguration(given);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
  } finally {
    raw.mock.restore();
  }
  return raw.mock.calls.map(({ arguments: [name] }) =>
    name.replace(/^DownstreamApis__.+?__/i, "DownstreamApis__<name>__").replace(/__Headers__.*$/i, "__Headers__<Name>"),
  );
}

const api = (given: Environment) => environment(apiSettings("graph", given));

/** A value that makes each setting wrong, or, where every text is right, one that makes a difference. */
const telling: Readonly<Record<string, Environment>> = {
  [settings.clientSecret.name]: environment({ [settings.clientSecret.name]: "another" }),
  [settings.cosmosAccountEndpoint.name]: environment({
    CosmosDb: undefined,
    CosmosDb__accountEndpoint: "no URL",
  }),
  [settings.managedIdentityClientId.name]: environment({
    [`${credential}SourceType`]: "SignedAssertionFromManagedIdentity",
    [`${credential}ClientSecret`]: undefined,
    [settings.managedIdentityClientId.name]: "no GUID",
  }),
  [settings.certificate.name]: environment({
    [`${credential}SourceType`]: "Certificate",
    [`${credential}ClientSecret`]: undefined,
    [settings.certificate.name]: "no PEM",
  }),
  [settings.extraScopes.name]: environment({ [settings.extraScopes.name]: 'no"scope' }),
  [settings.downstreamScopes.name]: environment({
    DownstreamApis__graph__BaseUrl: "https://graph.example",
    DownstreamApis__graph__Scopes: " ",
  }),
  [settings.downstreamAllowEncodedSlashes.name]: api({ AllowEncodedSlashes: "perhaps" }),
  [settings.downstreamCaching.name]: api({ Caching: "public" }),
  [settings.downstreamToken.name]: api({ Token: "Mine" }),
  [settings.downstreamHeader.name]: api({ Headers__Key: "unprintable \u00e9" }),
  [settings.downstreamMethods.name]: api({ Methods: "GET FETCH" }),
  [settings.downstreamPaths.name]: api({ Paths: "me?x" }),
  [settings.downstreamRequireSession.name]: api({ RequireSession: "perhaps" }),
  [settings.downstreamRequireRole.name]: api({ RequireRole: "Reader" }),
  [settings.downstreamMaxRequestBytes.name]: api({ MaxRequestBytes: "1 MB" }),
  [settings.downstreamTimeoutSeconds.name]: api({ TimeoutSeconds: "0" }),
  [settings.downstreamIdleTimeoutSeconds.name]: api({ IdleTimeoutSeconds: "0" }),
  [settings.downstreamBaseUrl.name]: environment({
    DownstreamApis__graph__BaseUrl: "no URL",
    DownstreamApis__graph__Scopes: "User.Read",
  }),
};

function outcomeOf(given: Environment): unknown {
  try {
    return loadConfiguration(given);
  } catch (error) {
    return error instanceof ConfigurationError ? error.problems : error;
  }
}

describe("the list of settings", () => {
  test("is all that the configuration is made from, but for what the platform and the host are told", () => {
    const read = new Set(environments.flatMap(namesRead));
    const listed = Object.values(settings).map(({ name }) => name);
    const ofOthers = [...storageSettings, hostSettings.routePrefix.name, platformHostName];
    assert.deepEqual([...read].sort(), [...listed, ...ofOthers, formerMaxAttempts].sort());
  });

  for (const { name } of Object.values(settings)) {
    test(`${name} makes a difference when it is set`, () => {
      const given = telling[name] ?? environment({ [name]: "no such thing / \\" });
      const [before, after] = [outcomeOf(environment()), outcomeOf(given)];
      assert.notDeepEqual(after, before);
      if (!Array.isArray(after)) return;
      const named = (after as { setting: string }[]).map(({ setting }) => setting);
      const expected = name.replace("<name>", "graph").replace("<Name>", "Key");
      assert.ok(named.includes(expected), `named instead: ${named.join(", ")}`);
    });
  }

  test("has each name once, in whatever spelling", () => {
    const names = [...Object.values(settings), ...Object.values(hostSettings)].map(({ name }) => name.toLowerCase());
    assert.deepEqual([...new Set(names)], names);
  });

  test("names every variable of the environment that the code asks for by name", async () => {
    const all = [...Object.values(settings), ...Object.values(hostSettings)];
    const listed = new Set(all.map(({ name }): string => name));
    // Variables of these names are the platform's own: nobody sets them.
    const ofThePlatform = /^(WEBSITE_\w+|CONTAINER_NAME)$/;
    for (const file of globSync("{functions,shared}/**/*.ts")) {
      const text = await readFile(file, "utf8");
      const read = [...text.matchAll(/\b(?:process\.env\.|(?:process\.env|environment|env)\[")(\w+)/g)];
      for (const [, name = ""] of read) {
        assert.ok(listed.has(name) || ofThePlatform.test(name), `${file} reads ${name}`);
      }
    }
  });

  test("says for every setting what it means and expects, and a default that is the one that is used", () => {
    const { instance, tenantId } = loadConfiguration(environment()).azureAd;
    assert.equal(instance, settings.instance.default);
    assert.ok(tenantId);
    const { session, signOut, cosmosDb, telemetry } = loadConfiguration(environment());
    assert.deepEqual(
      Object.values(session).map(String),
      [
        settings.idleTimeoutMinutes,
        settings.absoluteTimeoutMinutes,
        settings.revalidateMinutes,
        { default: "undefined", ...settings.notBefore },
        settings.maxPerAccount,
        settings.persistentCookie,
        settings.cookieName,
      ].map((each) => each.default),
    );
    assert.equal(signOut.scope, settings.signOutScope.default);
    assert.deepEqual(
      [signOut.finishSchedule, String(signOut.maxAttempts), String(signOut.retrySeconds)],
      [settings.signOutSchedule, settings.signOutMaxAttempts, settings.signOutRetrySeconds].map((each) => each.default),
    );
    const directory = loadConfiguration(environment({ Directory__Notifications: "true" })).directory;
    assert.equal(directory?.schedule, settings.directorySchedule.default);
    assert.equal(cosmosDb.databaseName, settings.cosmosDatabaseName.default);
    assert.equal(String(telemetry.sampledPercentage), settings.telemetrySampledPercentage.default);
    for (const { name, meaning, expects } of Object.values(settings)) assert.ok(name && meaning && expects, name);
  });

  test("is what docs/configuration.md says (npm run docs:settings writes it)", async () => {
    assert.equal(await readFile("docs/configuration.md", "utf8"), await configurationPage());
  });
});

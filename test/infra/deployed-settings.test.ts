import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { loadConfiguration } from "../../shared/configuration/configuration.ts";
import { downstreamApiSettings } from "../../shared/configuration/downstream-api-settings.ts";
import { settings, type Setting } from "../../shared/configuration/settings.ts";
import { hostSettings, type HostSetting } from "../../shared/configuration/host-settings.ts";
import { environmentOf, settingsOf } from "./settings.ts";
import { readPrediction, type Prediction } from "./template.ts";

/** Settings of the contract that the template leaves out on purpose. */
const notDeployed: Readonly<Record<string, string>> = {
  [settings.clientSecret.name]: "a secret; the managed identity is the credential",
  [settings.clientSecretExpires.name]: "for a secret; the managed identity is the credential",
  [settings.certificate.name]: "holds a private key; the managed identity is the credential",
  [settings.persistentCookie.name]: "off unless the parameter additionalSettings turns it on",
  [settings.cookieName.name]: "alone at its host name; the parameter additionalSettings can set it",
  [settings.localPages.name]: "for the local platform only",
  [settings.httpStreaming.name]: "off unless the parameter additionalSettings turns it on",
  [settings.extraScopes.name]: "for pages that ask for more; the parameter additionalSettings can set it",
  [settings.cosmosConnectionString.name]: "holds the account key, which the account refuses",
  [settings.signOutSchedule.name]: "the default serves; additionalSettings can set it",
  [settings.signOutMaxAttempts.name]: "the default serves; additionalSettings can set it",
  ...Object.fromEntries(
    Object.values(downstreamApiSettings).map(({ name }) => [
      name,
      "the default serves; downstreamApis and additionalSettings can set it",
    ]),
  ),
  [settings.telemetrySampledPercentage.name]: "the default serves; additionalSettings can set it",
  [settings.revalidateMinutes.name]: "the default serves; additionalSettings can set it",
  [settings.directoryTenantId.name]: "with the parameter directoryNotifications only",
  [settings.directoryGraphUrl.name]: "the cloud's own Microsoft Graph serves",
  [settings.directorySchedule.name]: "the default serves; additionalSettings can set it",
  [settings.notBefore.name]: "for an emergency; the route needs no deployment",
  [settings.signOutRetrySeconds.name]: "the default serves; additionalSettings can set it",
};

/** Settings that the Functions host reads, not the app. */
const ofTheHost = Object.values<HostSetting>(hostSettings)
  .filter(({ deployed }) => deployed)
  .map(({ name }) => name);

describe("the app settings that are deployed", () => {
  let prediction: Prediction;
  let deployed: readonly string[];
  before(async () => {
    prediction = await readPrediction();
    deployed = Object.keys(settingsOf(prediction));
  });

  it("are all there that the app reads, but for those left out with a reason", () => {
    for (const { name } of Object.values(settings)) {
      const isDeployed = deployed.some((candidate) => patternOf(name).test(candidate));
      const isLeftOut = notDeployed[name] !== undefined;
      assert.notEqual(isDeployed, isLeftOut, `${name}: ${isDeployed ? "deployed and left out" : "missing"}`);
    }
  });

  it("are all read, by the app or by the host", () => {
    const names = Object.values(settings).map(({ name }) => patternOf(name));
    for (const name of deployed) {
      const isRead = names.some((pattern) => pattern.test(name)) || ofTheHost.includes(name);
      assert.ok(isRead, `${name}: nobody reads it`);
    }
    assert.deepEqual(
      ofTheHost.filter((name) => !deployed.includes(name)),
      [],
    );
  });

  it("are a valid configuration: the app starts with them, without a secret", () => {
    const { azureAd, cosmosDb, publicBaseUrl } = loadConfiguration(environmentOf(prediction));
    assert.equal(azureAd.credential.kind, "managedIdentity");
    assert.equal(cosmosDb.connection.kind, "identity");
    assert.equal(publicBaseUrl, "https://app.example");
  });

  it("give way to additional ones: a client secret in Key Vault instead of the managed identity", () => {
    const { azureAd } = loadConfiguration({
      ...environmentOf(prediction),
      [settings.credentialSourceType.name]: "ClientSecret",
      [settings.managedIdentityClientId.name]: "",
      [settings.clientSecret.name]: "resolved by the platform",
    });
    assert.equal(azureAd.credential.kind, "secret");
  });

  it("have the same defaults as the app has", () => {
    const full = loadConfiguration(environmentOf(prediction));
    const bare = loadConfiguration({
      ...required(environmentOf(prediction)),
    });
    assert.deepEqual(full.session, bare.session);
    assert.deepEqual({ ...full.signOut, queue: undefined }, { ...bare.signOut, queue: undefined });
    assert.deepEqual(full.downstreamApis, bare.downstreamApis);
    assert.equal(full.cosmosDb.databaseName, bare.cosmosDb.databaseName);
    assert.equal(full.azureAd.instance, bare.azureAd.instance);
  });

  it("lead to the queue of sign-outs by the app's managed identity", () => {
    const environment = environmentOf(prediction);
    assert.equal(loadConfiguration(environment).signOut.queue?.kind, "identity");
  });

  it("have none of those that the Flex Consumption plan refuses", () => {
    const refused = /^(FUNCTIONS_(WORKER_RUNTIME|EXTENSION_VERSION)|WEBSITE_.*|SCM_.*|ENABLE_ORYX_BUILD)$/;
    assert.deepEqual(
      deployed.filter((name) => refused.test(name)),
      [],
    );
  });
});

/** Only the settings without a default. */
function required(environment: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const optional = Object.values<Setting>(settings).filter((setting) => setting.default !== undefined);
  const patterns = optional.map(({ name }) => patternOf(name));
  const kept = Object.entries(environment).filter(([name]) => !patterns.some((pattern) => pattern.test(name)));
  return { ...Object.fromEntries(kept), PublicBaseUrl: environment["PublicBaseUrl"] ?? "" };
}

/** `<name>` in a setting's name stands for the name of a downstream API. */
function patternOf(name: string): RegExp {
  return new RegExp(`^${name.replace("<name>", "[A-Za-z0-9]+")}$`);
}

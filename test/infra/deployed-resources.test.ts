import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, it } from "node:test";
import { callback } from "../../functions/callback.ts";
import { frontChannelLogout } from "../../functions/front-channel-logout.ts";
import { signedOut } from "../../functions/signed-out.ts";
import { containerNames } from "../../shared/account/cosmos.ts";
import { directoryQueueName, signOutQueueName } from "../../shared/app/app.ts";
import { settingsOf } from "./settings.ts";
import {
  at,
  predictionFiles,
  readPrediction,
  readTemplate,
  resourceOf,
  resourcesOf,
  templateFile,
  type Prediction,
  type Resource,
  type Template,
} from "./template.ts";

describe("what is deployed", () => {
  let prediction: Prediction;
  let template: Template;
  before(async () => {
    [prediction, template] = await Promise.all([readPrediction(), readTemplate()]);
  });

  const one = (type: string, nameEnd?: string): Resource => resourceOf(prediction, type, nameEnd);
  const valueOf = (type: string, path: string): unknown => at(one(type), `properties.${path}`);

  describe("holds no secret", () => {
    it("no key is asked for, and none is in the template", async () => {
      for (const file of [templateFile, ...Object.values(predictionFiles)]) {
        const text = await readFile(file, "utf8");
        assert.doesNotMatch(
          text,
          /list(Keys|Secrets|ConnectionStrings|AccountSas|ServiceSas|HostKeys|Admin)\w*\(/i,
          file,
        );
        assert.doesNotMatch(
          text,
          /AccountKey=|SharedAccess|primaryMasterKey|InstrumentationKey|BEGIN [A-Z ]*PRIVATE/i,
          file,
        );
      }
    });

    it("no output and no parameter is one", () => {
      for (const [name, { type }] of [...Object.entries(template.parameters), ...Object.entries(template.outputs)]) {
        assert.doesNotMatch(name, /secret|password|connectionString|(^|[a-z])key$/i);
        assert.doesNotMatch(type ?? "", /secure/i, `${name}: who needs a secure parameter has a secret`);
      }
      for (const value of Object.values(prediction.outputs)) assert.doesNotMatch(value, /ConnectionString/i);
      assert.deepEqual(template.parameters["additionalSettings"]?.defaultValue, {});
    });

    it("every service refuses keys and passwords", () => {
      assert.equal(valueOf("Microsoft.Storage/storageAccounts", "allowSharedKeyAccess"), false);
      assert.equal(valueOf("Microsoft.DocumentDB/databaseAccounts", "disableLocalAuth"), true);
      assert.equal(valueOf("Microsoft.DocumentDB/databaseAccounts", "disableKeyBasedMetadataWriteAccess"), true);
      assert.equal(valueOf("Microsoft.Insights/components", "DisableLocalAuth"), true);
      assert.equal(valueOf("Microsoft.OperationalInsights/workspaces", "features.disableLocalAuth"), true);
      const policies = resourcesOf(prediction, "Microsoft.Web/sites/basicPublishingCredentialsPolicies");
      assert.deepEqual(
        policies.map((policy) => [policy.name.split("/")[1], at(policy, "properties.allow")]),
        [
          ["ftp", false],
          ["scm", false],
        ],
      );
    });
  });

  describe("may do no more than it has to", () => {
    it("the identity has three roles, each on one resource of its own", () => {
      const assignments = resourcesOf(prediction, "Microsoft.Authorization/roleAssignments");
      const granted = assignments.map((assignment) => {
        const role = String(at(assignment, "properties.roleDefinitionId")).split("/").at(-1);
        const scope = /providers\/([\w.]+\/\w+)\/[\w-]+', 'Microsoft.Authorization/.exec(assignment.id)?.[1];
        return `${scope} ${role}`;
      });
      assert.deepEqual(granted.sort(), [
        // Monitoring Metrics Publisher
        "Microsoft.Insights/components 3913510d-42f4-4e42-8a64-420c390055eb",
        // Storage Queue Data Contributor
        "Microsoft.Storage/storageAccounts 974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        // Storage Blob Data Owner
        "Microsoft.Storage/storageAccounts b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
      ]);
      for (const assignment of assignments) {
        assert.match(String(at(assignment, "properties.principalId")), /userAssignedIdentities\/.*\.principalId\]$/);
      }
      assert.equal(at(one("Microsoft.Web/sites"), "identity.type"), "UserAssigned");
    });

    it("in the account store: point operations in one database; no upsert, no query", () => {
      const role = one("Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions");
      const items = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items";
      assert.deepEqual(at(role, "properties.permissions"), [
        {
          dataActions: [
            "Microsoft.DocumentDB/databaseAccounts/readMetadata",
            `${items}/create`,
            `${items}/read`,
            `${items}/replace`,
            `${items}/delete`,
          ],
        },
      ]);
      const assignment = one("Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments");
      assert.equal(at(assignment, "properties.roleDefinitionId"), role.id);
      assert.match(String(at(assignment, "properties.scope")), /\/dbs\/auth$/);
      assert.deepEqual(at(role, "properties.assignableScopes"), [at(assignment, "properties.scope")]);
    });

    it("nothing in storage is public", () => {
      assert.equal(valueOf("Microsoft.Storage/storageAccounts", "allowBlobPublicAccess"), false);
      assert.equal(valueOf("Microsoft.Storage/storageAccounts", "allowCrossTenantReplication"), false);
      assert.equal(valueOf("Microsoft.Storage/storageAccounts/blobServices/containers", "publicAccess"), "None");
    });
  });

  it("speaks HTTPS only, TLS 1.2 or later", () => {
    assert.equal(valueOf("Microsoft.Web/sites", "httpsOnly"), true);
    assert.equal(valueOf("Microsoft.Web/sites", "siteConfig.minTlsVersion"), "1.2");
    assert.equal(valueOf("Microsoft.Web/sites", "siteConfig.scmMinTlsVersion"), "1.2");
    assert.equal(valueOf("Microsoft.Storage/storageAccounts", "supportsHttpsTrafficOnly"), true);
    assert.equal(valueOf("Microsoft.Storage/storageAccounts", "minimumTlsVersion"), "TLS1_2");
    assert.equal(valueOf("Microsoft.DocumentDB/databaseAccounts", "minimalTlsVersion"), "Tls12");
  });

  it("runs Node 24 on Flex Consumption, from a container that only the identity reads", () => {
    assert.deepEqual(one("Microsoft.Web/serverfarms")["sku"], { name: "FC1", tier: "FlexConsumption" });
    assert.deepEqual(valueOf("Microsoft.Web/sites", "functionAppConfig.runtime"), { name: "node", version: "24" });
    const source = "functionAppConfig.deployment.storage";
    assert.equal(valueOf("Microsoft.Web/sites", `${source}.authentication.type`), "UserAssignedIdentity");
    const container = one("Microsoft.Storage/storageAccounts/blobServices/containers").name.split("/").at(-1);
    assert.match(
      String(valueOf("Microsoft.Web/sites", `${source}.value`)),
      new RegExp(`primaryEndpoints\\.blob, '${container}'`),
    );
  });

  describe("keeps accounts so that a sign-out is seen everywhere and is never undone", () => {
    it("Strong consistency, one region that writes, and the shortest backup", () => {
      const account = "Microsoft.DocumentDB/databaseAccounts";
      assert.equal(valueOf(account, "consistencyPolicy.defaultConsistencyLevel"), "Strong");
      assert.equal(valueOf(account, "enableMultipleWriteLocations"), false);
      assert.equal(valueOf(account, "backupPolicy.periodicModeProperties.backupRetentionIntervalInHours"), 8);
    });

    it("both containers by /id, with time to live and without an index beyond it", () => {
      const containers = resourcesOf(prediction, "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers");
      const names = containers.map((container) => String(at(container, "properties.resource.id")));
      assert.deepEqual(names.sort(), Object.values(containerNames).sort());
      for (const container of containers) {
        assert.deepEqual(at(container, "properties.resource.partitionKey.paths"), ["/id"]);
        assert.equal(at(container, "properties.resource.defaultTtl"), -1);
        assert.deepEqual(at(container, "properties.resource.indexingPolicy"), {
          automatic: true,
          indexingMode: "consistent",
          includedPaths: [],
          excludedPaths: [{ path: "/*" }],
        });
      }
    });

    it("the database is the one that the app is told", () => {
      const database = one("Microsoft.DocumentDB/databaseAccounts/sqlDatabases").name.split("/")[1];
      assert.equal(settingsOf(prediction)["CosmosDb__databaseName"], database);
    });

    it("the queues of sign-outs and of directory changes that wait, and those of what was given up", () => {
      const queues = resourcesOf(prediction, "Microsoft.Storage/storageAccounts/queueServices/queues");
      const names = queues.map(({ name }) => name.split("/").at(-1));
      const expected = [signOutQueueName, directoryQueueName].flatMap((name) => [name, `${name}-poison`]);
      assert.deepEqual(names, expected);
    });
  });

  it("tells the addresses to register, and they are the app's", () => {
    const { redirectUri, logoutUrl, postLogoutRedirectUri, baseUrl } = prediction.outputs;
    const format = (path: string) => baseUrl?.replace(/^\[(.*)\]$/, `[format('{0}/${path}', $1)]`);
    assert.equal(redirectUri, format(callback.route));
    assert.equal(logoutUrl, format(frontChannelLogout.route));
    assert.equal(postLogoutRedirectUri, format(signedOut.route));
    assert.equal(baseUrl, settingsOf(prediction)["PublicBaseUrl"]);
  });

  it("has every parameter and output documented", () => {
    for (const [name, { metadata }] of [...Object.entries(template.parameters), ...Object.entries(template.outputs)]) {
      assert.ok(metadata?.description, name);
    }
  });

  it("is tagged, and named so that the host's id is the app's alone", () => {
    for (const { location, tags, name } of prediction.predictedResources) {
      if (location !== undefined) assert.equal(tags?.["azd-env-name"], "production", name);
    }
    assert.ok(one("Microsoft.Web/sites").name.length <= 32);
  });
});

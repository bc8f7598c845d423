import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { loadConfiguration } from "../../shared/configuration/configuration.ts";
import { environmentOf, settingsOf } from "./settings.ts";
import { at, readPrediction, readTemplate, resourceOf, resourcesOf, type Prediction } from "./template.ts";

const types = {
  cosmos: "Microsoft.DocumentDB/databaseAccounts",
  endpoint: "Microsoft.Network/privateEndpoints",
  site: "Microsoft.Web/sites",
  storage: "Microsoft.Storage/storageAccounts",
  zone: "Microsoft.Network/privateDnsZones",
} as const;

describe("the private variant", () => {
  let open: Prediction;
  let closed: Prediction;
  before(async () => {
    [open, closed] = await Promise.all([readPrediction("public"), readPrediction("private")]);
  });

  it("closes storage and database to all but private endpoints", () => {
    for (const type of [types.cosmos, types.storage]) {
      assert.equal(at(resourceOf(closed, type), "properties.publicNetworkAccess"), "Disabled");
      assert.equal(at(resourceOf(open, type), "properties.publicNetworkAccess"), "Enabled");
    }
    assert.deepEqual(at(resourceOf(closed, types.storage), "properties.networkAcls"), {
      defaultAction: "Deny",
      bypass: "None",
    });
    assert.deepEqual(resourcesOf(open, types.endpoint), []);
  });

  it("has an endpoint for each service that the app is told of, with a zone linked to the app's network", () => {
    const endpoints = resourcesOf(closed, types.endpoint);
    const groups = endpoints.map((endpoint) => {
      const [connection] = at(endpoint, "properties.privateLinkServiceConnections") as [unknown];
      return String(at(connection, "properties.groupIds"));
    });
    assert.deepEqual(groups, ["blob", "queue", "Sql"]);
    for (const type of [types.zone, `${types.zone}/virtualNetworkLinks`, `${types.endpoint}/privateDnsZoneGroups`]) {
      assert.equal(resourcesOf(closed, type).length, groups.length, type);
    }
    const told = Object.values(settingsOf(closed)).filter((value) => /primaryEndpoints|documentEndpoint/.test(value));
    assert.equal(told.length, groups.length);
  });

  it("has the app in a subnet delegated to Flex Consumption, whose name has no underscore", () => {
    const network = resourceOf(closed, "Microsoft.Network/virtualNetworks");
    const subnets = at(network, "properties.subnets") as readonly Readonly<Record<string, unknown>>[];
    const app = subnets.find(({ name }) => name === "app");
    const [delegation] = at(app, "properties.delegations") as [unknown];
    assert.equal(at(delegation, "properties.serviceName"), "Microsoft.App/environments");
    const site = resourceOf(closed, types.site);
    assert.equal(at(site, "properties.virtualNetworkSubnetId"), `${network.id}/subnets/app`);
    assert.equal(at(resourceOf(open, types.site), "properties.virtualNetworkSubnetId"), null);
    assert.ok(subnets.every(({ name }) => !String(name).includes("_")));
  });

  it("lets the app start only once the names lead to the endpoints", async () => {
    const { resources } = (await readTemplate()) as unknown as {
      resources: Readonly<Record<string, { dependsOn?: readonly string[] }>>;
    };
    assert.ok(resources["app"]?.dependsOn?.includes("privateEndpoints"));
  });

  it("accepts only requests through its own Front Door, and publishing from everywhere", () => {
    const config = at(resourceOf(closed, types.site), "properties.siteConfig");
    assert.equal(at(config, "ipSecurityRestrictionsDefaultAction"), "Deny");
    const [rule, ...others] = at(config, "ipSecurityRestrictions") as Readonly<Record<string, unknown>>[];
    assert.equal(rule?.["ipAddress"], "AzureFrontDoor.Backend");
    assert.deepEqual(rule["headers"], { "x-azure-fdid": ["77777777-7777-4777-8777-777777777777"] });
    assert.deepEqual(others, []);
    assert.equal(at(config, "scmIpSecurityRestrictionsUseMain"), false);
    const openConfig = at(resourceOf(open, types.site), "properties.siteConfig");
    assert.equal(at(openConfig, "ipSecurityRestrictionsDefaultAction"), "Allow");
  });

  it("is asked from outside where browsers come in, with an alert to the same receivers; only if a parameter says so", () => {
    const test = resourceOf(closed, "Microsoft.Insights/webtests");
    assert.equal(at(test, "properties.Request.RequestUrl"), "https://app.contoso.example/readyz");
    assert.equal(at(test, "properties.ValidationRules.ExpectedHttpStatusCode"), 200);
    const locations = at(test, "properties.Locations") as readonly unknown[];
    assert.ok(locations.length >= 5);
    const alert = resourceOf(closed, "Microsoft.Insights/metricAlerts");
    assert.equal(at(alert, "properties.criteria.webTestId"), test.id);
    assert.equal(at(alert, "properties.criteria.failedLocationCount"), locations.length - 2);
    const [rule] = resourcesOf(closed, "Microsoft.Insights/scheduledQueryRules");
    const receivers = at(alert, "properties.actions") as readonly { actionGroupId: string }[];
    assert.deepEqual(
      receivers.map(({ actionGroupId }) => actionGroupId),
      at(rule, "properties.actions.actionGroups"),
    );
    assert.deepEqual(resourcesOf(open, "Microsoft.Insights/webtests"), []);
    assert.deepEqual(resourcesOf(open, "Microsoft.Insights/metricAlerts"), []);
  });

  it("has the same settings otherwise, and the app starts with them", () => {
    const configuration = loadConfiguration(environmentOf(closed));
    assert.equal(configuration.azureAd.credential.kind, "managedIdentity");
    assert.deepEqual(configuration.cosmosDb.regions, ["westeurope", "northeurope", "francecentral"]);
    const added = Object.keys(settingsOf(closed)).filter((name) => settingsOf(open)[name] === undefined);
    assert.deepEqual(added, ["Directory__TenantId"]);
  });
});

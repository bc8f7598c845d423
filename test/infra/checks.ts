import { isRecord } from "../../shared/core/encoding.ts";
import { at, resourcesOf, type Prediction, type Resource } from "./template.ts";

/** Whether what is deployed keeps a rule; undefined if nothing that the rule is about is deployed. */
export type Check = (prediction: Prediction) => boolean | undefined;

export const types = {
  alert: "Microsoft.Insights/scheduledQueryRules",
  cosmos: "Microsoft.DocumentDB/databaseAccounts",
  diagnostics: "Microsoft.Insights/diagnosticSettings",
  insights: "Microsoft.Insights/components",
  network: "Microsoft.Network/virtualNetworks",
  plan: "Microsoft.Web/serverfarms",
  rules: "Microsoft.Network/networkSecurityGroups",
  site: "Microsoft.Web/sites",
  storage: "Microsoft.Storage/storageAccounts",
  workspace: "Microsoft.OperationalInsights/workspaces",
} as const;

/** Every resource of the type meets the condition. */
export function each(type: string, condition: (resource: Resource, prediction: Prediction) => boolean): Check {
  return (prediction) => {
    const resources = resourcesOf(prediction, type);
    return resources.length === 0 ? undefined : resources.every((resource) => condition(resource, prediction));
  };
}

export const property = (type: string, path: string, ...values: readonly unknown[]): Check =>
  each(type, (resource) => values.includes(at(resource, `properties.${path}`)));

export const isThere = (type: string): Check => {
  return (prediction) => resourcesOf(prediction, type).length > 0;
};

export const listAt = (resource: Resource, path: string): readonly Readonly<Record<string, unknown>>[] => {
  const list = at(resource, `properties.${path}`);
  return Array.isArray(list) ? list.filter(isRecord) : [];
};

export const inEach = (
  type: string,
  path: string,
  condition: (item: Readonly<Record<string, unknown>>) => boolean,
): Check => each(type, (resource) => listAt(resource, path).length > 0 && listAt(resource, path).every(condition));

export const noneOf = (
  type: string,
  path: string,
  condition: (item: Readonly<Record<string, unknown>>) => boolean,
): Check => each(type, (resource) => !listAt(resource, path).some(condition));

/** With which characters, and how long, Azure takes the names of resources. */
export const names: Readonly<Record<string, RegExp>> = {
  [types.insights]: /^[\w().-]{1,255}$/,
  [types.cosmos]: /^[a-z0-9][a-z0-9-]{1,42}[a-z0-9]$/,
  "Microsoft.ManagedIdentity/userAssignedIdentities": /^[A-Za-z0-9][\w-]{2,127}$/,
  [types.workspace]: /^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/,
  [types.rules]: /^[A-Za-z0-9][\w.-]{0,78}\w$/,
  "Microsoft.Network/privateEndpoints": /^[A-Za-z0-9][\w.-]{0,78}\w$/,
  [types.storage]: /^[a-z0-9]{3,24}$/,
  [types.network]: /^[A-Za-z0-9][\w.-]{0,62}\w$/,
  [types.site]: /^[A-Za-z0-9][A-Za-z0-9-]{0,30}[A-Za-z0-9]$/,
};

export const instances: Check = each(types.site, (site) =>
  listAt(site, "functionAppConfig.scaleAndConcurrency.alwaysReady").some(
    (group) => Number(group["instanceCount"]) >= 2,
  ),
);
export const zones: Check = property(types.plan, "zoneRedundant", true);
export const zonesOfDatabase: Check = inEach(
  types.cosmos,
  "locations",
  ({ isZoneRedundant }) => isZoneRedundant === true,
);
export const continuousBackup: Check = property(types.cosmos, "backupPolicy.type", "Continuous");
export const replicated: Check = each(types.storage, (account) => !String(at(account, "sku.name")).endsWith("_LRS"));
export const softDelete: Check = property(`${types.storage}/blobServices`, "deleteRetentionPolicy.enabled", true);
export const healthCheck: Check = each(
  types.site,
  (site) => at(site, "properties.siteConfig.healthCheckPath") !== undefined,
);
export const tier: Check = each(types.plan, (plan) => /^(Standard|Premium)/.test(String(at(plan, "sku.tier"))));
export const threatProtection: Check = isThere("Microsoft.Security/advancedThreatProtectionSettings");
export const healthAlerts: Check = isThere("Microsoft.Insights/activityLogAlerts");
export const alertsOfDatabase: Check = (prediction) =>
  resourcesOf(prediction, "Microsoft.Insights/metricAlerts").some((alert) => {
    return (at(alert, "properties.scopes") as readonly string[]).some((scope) => scope.includes(types.cosmos));
  });
export const settings = (prediction: Prediction): Readonly<Record<string, unknown>> =>
  resourcesOf(prediction, `${types.site}/config`)[0]?.properties ?? {};
export const loggedIs = (word: string): Check => {
  return (prediction) => resourcesOf(prediction, types.diagnostics).some(({ id }) => id.includes(word));
};

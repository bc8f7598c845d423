import {
  continuousBackup,
  each,
  healthAlerts,
  healthCheck,
  inEach,
  instances,
  isThere,
  listAt,
  loggedIs,
  alertsOfDatabase,
  names,
  noneOf,
  property,
  replicated,
  settings,
  softDelete,
  threatProtection,
  tier,
  types,
  zones,
  zonesOfDatabase,
  type Check,
} from "./checks.ts";
import { at, resourcesOf } from "./template.ts";

/** PSRule for Azure, baseline Azure.GA_2026_03: the rules about what the template deploys. */
const psRule: Readonly<Record<string, Check>> = {
  "Azure.*.Name": ({ predictedResources }) =>
    predictedResources.every(({ type, name }) => names[type]?.test(name) ?? true),
  "Azure.Alert.HighFrequencyQuery": each(types.alert, (rule) => at(rule, "properties.evaluationFrequency") !== "PT1M"),
  "Azure.AppInsights.LocalAuth": property(types.insights, "DisableLocalAuth", true),
  "Azure.AppInsights.Workspace": each(
    types.insights,
    (insights) => at(insights, "properties.WorkspaceResourceId") !== undefined,
  ),
  "Azure.AppService.AlwaysOn": property(types.site, "siteConfig.alwaysOn", true),
  "Azure.AppService.ARRAffinity": property(types.site, "clientAffinityEnabled", false),
  "Azure.AppService.AvailabilityZone": zones,
  "Azure.AppService.HTTP2": property(types.site, "siteConfig.http20Enabled", true),
  "Azure.AppService.ManagedIdentity": each(types.site, (site) => at(site, "identity.type") === "UserAssigned"),
  "Azure.AppService.MinPlan": tier,
  "Azure.AppService.MinTLS": property(types.site, "siteConfig.minTlsVersion", "1.2", "1.3"),
  "Azure.AppService.NodeJsVersion": property(types.site, "functionAppConfig.runtime.version", "24"),
  "Azure.AppService.PlanInstanceCount": instances,
  "Azure.AppService.RemoteDebug": property(types.site, "siteConfig.remoteDebuggingEnabled", false),
  "Azure.AppService.UseHTTPS": property(types.site, "httpsOnly", true),
  "Azure.AppService.WebProbe": healthCheck,
  "Azure.AppService.WebSecureFtp": property(types.site, "siteConfig.ftpsState", "Disabled", "FtpsOnly"),
  "Azure.Cosmos.AvailabilityZone": zonesOfDatabase,
  "Azure.Cosmos.ContinuousBackup": continuousBackup,
  "Azure.Cosmos.DefenderCloud": threatProtection,
  "Azure.Cosmos.DisableMetadataWrite": property(types.cosmos, "disableKeyBasedMetadataWriteAccess", true),
  "Azure.Cosmos.MinTLS": property(types.cosmos, "minimalTlsVersion", "Tls12"),
  "Azure.Cosmos.NoSQLLocalAuth": property(types.cosmos, "disableLocalAuth", true),
  "Azure.Cosmos.PublicAccess": property(types.cosmos, "publicNetworkAccess", "Disabled"),
  "Azure.Cosmos.SLA": property(types.cosmos, "enableFreeTier", undefined, false),
  "Azure.Log.Replication": property(types.workspace, "replication.enabled", true),
  "Azure.Monitor.ServiceHealth": healthAlerts,
  "Azure.NSG.AnyInboundSource": noneOf(
    types.rules,
    "securityRules",
    (rule) => at(rule, "properties.sourceAddressPrefix") === "*" && at(rule, "properties.access") === "Allow",
  ),
  "Azure.NSG.Associated": each(types.rules, ({ id }, prediction) =>
    resourcesOf(prediction, types.network).some((network) =>
      listAt(network, "subnets").some((subnet) => at(subnet, "properties.networkSecurityGroup.id") === id),
    ),
  ),
  "Azure.NSG.DenyAllInbound": noneOf(
    types.rules,
    "securityRules",
    (rule) => at(rule, "properties.sourceAddressPrefix") === "*" && at(rule, "properties.access") === "Deny",
  ),
  "Azure.NSG.LateralTraversal": inEach(
    types.rules,
    "securityRules",
    (rule) => at(rule, "properties.direction") === "Outbound" && at(rule, "properties.access") === "Deny",
  ),
  "Azure.Resource.UseTags": ({ predictedResources }) =>
    predictedResources.every(({ location, tags }) => location === undefined || tags !== undefined),
  "Azure.Storage.BlobAccessType": property(`${types.storage}/blobServices/containers`, "publicAccess", "None"),
  "Azure.Storage.BlobPublicAccess": property(types.storage, "allowBlobPublicAccess", false),
  "Azure.Storage.ContainerSoftDelete": property(
    `${types.storage}/blobServices`,
    "containerDeleteRetentionPolicy.enabled",
    true,
  ),
  "Azure.Storage.DefenderCloud": threatProtection,
  "Azure.Storage.Firewall": property(types.storage, "networkAcls.defaultAction", "Deny"),
  "Azure.Storage.LocalAuth": property(types.storage, "allowSharedKeyAccess", false),
  "Azure.Storage.MinTLS": property(types.storage, "minimumTlsVersion", "TLS1_2"),
  "Azure.Storage.SecureTransfer": property(types.storage, "supportsHttpsTrafficOnly", true),
  "Azure.Storage.SoftDelete": softDelete,
  "Azure.Storage.UseReplication": replicated,
  "Azure.VNET.FirewallSubnet": inEach(types.network, "subnets", ({ name }) => name === "AzureFirewallSubnet"),
  "Azure.VNET.LocalDNS": property(types.network, "dhcpOptions", undefined),
  "Azure.VNET.PrivateSubnet": inEach(
    types.network,
    "subnets",
    (subnet) => at(subnet, "properties.defaultOutboundAccess") === false,
  ),
  "Azure.VNET.UseNSGs": inEach(
    types.network,
    "subnets",
    (subnet) => at(subnet, "properties.networkSecurityGroup.id") !== undefined,
  ),
};

/** The Azure Proactive Resiliency Library: its active recommendations for the types that the template deploys. */
const resiliency: Readonly<Record<string, Check>> = {
  "Configure at least two regions": each(types.cosmos, (account) => listAt(account, "locations").length > 1),
  "Enable service-managed failover": property(types.cosmos, "enableAutomaticFailover", true),
  "Enable availability zones": zonesOfDatabase,
  "Evaluate multi-region write capability": property(types.cosmos, "enableMultipleWriteLocations", true),
  "Configure continuous backup mode": continuousBackup,
  "Monitor Cosmos DB health and set up alerts": alertsOfDatabase,
  "Ensure that storage accounts are zone or region redundant": replicated,
  "Enable Soft Delete": softDelete,
  "Enable versioning": property(`${types.storage}/blobServices`, "isVersioningEnabled", true),
  "Enable point-in-time restore": property(`${types.storage}/blobServices`, "restorePolicy.enabled", true),
  "Monitor all blob storage accounts": loggedIs("/blobServices/"),
  "Upgrade legacy storage accounts to v2": each(types.storage, ({ kind }) => kind === "StorageV2"),
  "Migrate from instrumentation keys to connection strings": (prediction) =>
    settings(prediction)["APPLICATIONINSIGHTS_CONNECTION_STRING"] !== undefined,
  "Configure diagnostic settings for network security groups": each(
    types.rules,
    (_, prediction) => loggedIs("/networkSecurityGroups/")(prediction) === true,
  ),
  "Enable virtual network flow logs": each(
    types.network,
    (_, prediction) => isThere("Microsoft.Network/networkWatchers/flowLogs")(prediction) === true,
  ),
  "Link private DNS zones to networks in two or more regions": each(
    "Microsoft.Network/privateDnsZones",
    (_, prediction) => resourcesOf(prediction, types.network).length > 1,
  ),
  "Enable Log Analytics data export": isThere(`${types.workspace}/dataExports`),
  "Configure Resource Health alerts": healthAlerts,
  "Migrate App Service to availability zones": zones,
  "Use Standard or Premium tier": tier,
  "Set the minimum instance count to 2": instances,
  "Enable diagnostics logging for web apps": loggedIs("/Microsoft.Web/sites/"),
  "Monitor performance": (prediction) =>
    settings(prediction)["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"] !== undefined,
  "Deploy to a staging slot": isThere(`${types.site}/slots`),
  "Enable health check": healthCheck,
  "Enable auto heal": property(types.site, "siteConfig.autoHealEnabled", true),
  "Ensure a unique host id": each(types.site, ({ name }) => name.length <= 32),
  "Ensure FUNCTIONS_WORKER_RUNTIME is set": (prediction) =>
    settings(prediction)["FUNCTIONS_WORKER_RUNTIME"] !== undefined,
};

export const platformRules: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  "PSRule for Azure": psRule,
  "Azure Proactive Resiliency Library": resiliency,
};

metadata description = 'The app in one resource group: a Function App without secrets, its account store, its storage and its telemetry.'

import { downstreamApi } from 'modules/types.bicep'

@description('Name of this environment, used in tags, and without all but letters, digits and hyphens in resource names.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Region of all resources. It must offer the Flex Consumption plan.')
param location string = resourceGroup().location

@description('Tags for all resources.')
param tags object = {}

@description('Application (client) id of the Entra app registration.')
@minLength(36)
@maxLength(36)
param clientId string

@description('Who can sign in: the people of one tenant, given by its id or domain name, or `organizations`, `common` or `consumers`. Empty: the tenant of the subscription.')
param tenantId string = ''

@description('Ids of the tenants whose people can sign in, if `tenantId` is `organizations`, `common` or `consumers`. Empty: all tenants.')
param allowedTenants string[] = []

@description('Base URL of the identity provider. Default: that of this Azure cloud.')
param instance string = environment().authentication.loginEndpoint

@description('Base URL of the app as browsers see it, if something else is in front of it, or if it has a path. Empty: the custom domain, or else the default host name of the Function App.')
param publicBaseUrl string = ''

@description('Custom domain of the Function App, which is already one of its host names. It gets a certificate that the platform renews.')
param customDomain string = ''

@description('Id of the Azure Front Door profile that is in front of the app. Requests that do not come through it are refused. Empty: all requests are accepted.')
param frontDoorId string = ''

@description('Whether storage and database are reached only through private endpoints in a virtual network, in which the app is, too.')
param privateNetwork bool = false

@description('Address range of that virtual network, a /24 or larger. It matters only if you connect the network with others.')
param networkPrefix string = '10.0.0.0/24'

@description('Address ranges in networks connected with it, whose machines may reach the private endpoints: those of your operators.')
param networkAllowedPrefixes string[] = []

@description('APIs that the app calls on behalf of signed-in people, besides Microsoft Graph of the cloud with `User.Read`. An API named `graph` replaces that.')
param downstreamApis downstreamApi[] = []

@description('Idle time-out: minutes without use after which a session ends.')
@minValue(1)
@maxValue(43200)
param sessionIdleTimeoutMinutes int = 60

@description('Absolute time-out: minutes after sign-in at which a session ends. It must not be shorter than the idle time-out.')
@minValue(1)
@maxValue(129600)
param sessionAbsoluteTimeoutMinutes int = 720

@description('Maximum number of sessions of one account. A new sign-in beyond it ends the oldest session.')
@minValue(1)
@maxValue(50)
param sessionMaxPerAccount int = 10

@description('What a sign-out ends: all sessions of the account, or only those of the browser that signs out.')
@allowed(['account', 'session'])
param signOutScope string = 'account'

@description('Whether Microsoft Graph tells the app of accounts that are disabled, deleted or revoked, so that their sessions end. The identity needs a permission: see docs/directory.md.')
param directoryNotifications bool = false

@description('Additional app settings. They override the settings that follow from other parameters. Do not put a secret here; use a Key Vault reference.')
param additionalSettings object = {}

@description('How Azure Cosmos DB is billed: by request, or by throughput that scales up to `cosmosMaxThroughput`. You cannot change this after the first deployment.')
@allowed(['Serverless', 'Autoscale'])
param cosmosCapacityMode string = 'Serverless'

@description('Maximum throughput in request units per second, shared by both containers. Used only with `Autoscale`.')
@minValue(1000)
param cosmosMaxThroughput int = 1000

@description('Further regions of the database, which can take over in this order if the first one is lost. Only with `Autoscale`, and at the price of the first region for each.')
param cosmosReadRegions string[] = []

@description('Name of the database.')
param databaseName string = 'auth'

@description('Whether plan, storage and database are spread over availability zones. The region must have them. You cannot change this after the first deployment.')
param zoneRedundant bool = false

@description('Memory of one instance, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Maximum number of instances.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 100

@description('Number of instances that always run, which avoids cold starts. Each is billed around the clock.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int = 0

@description('How instances get a new version: all at once, with running requests broken off; or in batches that finish their requests first.')
@allowed(['Recreate', 'RollingUpdate'])
param updateStrategy string = 'Recreate'

@description('Whether changes of the database account, and writes to the storage account, are logged in the workspace.')
param auditLogs bool = false

@description('Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Address that gets an e-mail for each alert. Empty: alerts are raised, but no e-mail is sent.')
param alertEmail string = ''

@description('Ids of action groups that get the alerts, too: for Teams, on-call services, text messages.')
param alertActionGroups string[] = []

@description('Whether `/readyz` is asked from outside every five minutes, with an alert when it does not answer. Each location is billed for each request.')
param availabilityTest bool = false

@description('Ids of the locations that ask. Default: five of the public cloud. Other clouds have locations of their own.')
@minLength(1)
@maxLength(16)
param availabilityTestLocations string[] = [
  'emea-nl-ams-azr'
  'emea-gb-db3-azr'
  'us-va-ash-azr'
  'us-ca-sjc-azr'
  'apac-sg-sin-azr'
]

var token = uniqueString(resourceGroup().id, environmentName)
// azd allows characters in the name of an environment that Azure Cosmos DB does not.
var characters = map(range(0, length(environmentName)), index => toLower(substring(environmentName, index, 1)))
var prefix = take(join(filter(characters, one => contains('abcdefghijklmnopqrstuvwxyz0123456789-', one)), ''), 13)
var regionsOfDatabase = !empty(cosmosReadRegions) && cosmosCapacityMode == 'Serverless'
  ? fail('cosmosReadRegions needs the cosmosCapacityMode Autoscale: serverless accounts have one region.')
  : cosmosReadRegions
var frontDoor = !empty(frontDoorId) && !empty(customDomain)
  ? fail('With frontDoorId, the custom domain belongs to Front Door: set publicBaseUrl, not customDomain.')
  : frontDoorId
// The app's table of clouds, by the host of the identity provider.
var clouds = loadJsonContent('clouds.json')
var authorityHost = split(environment().authentication.loginEndpoint, '/')[2]
var allTags = union(tags, { 'azd-env-name': environmentName })

module identity 'modules/identity.bicep' = {
  params: {
    name: 'id-${prefix}-${token}'
    location: location
    tags: allTags
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  params: {
    name: '${prefix}-${token}'
    location: location
    tags: allTags
    prefix: networkPrefix
    allowedPrefixes: networkAllowedPrefixes
  }
}

module storage 'modules/storage.bicep' = {
  params: {
    name: 'st${token}'
    location: location
    tags: allTags
    zoneRedundant: zoneRedundant
    isPrivate: privateNetwork
    principalId: identity.outputs.principalId
  }
}

module cosmos 'modules/cosmos.bicep' = {
  params: {
    name: 'cosmos-${prefix}-${token}'
    location: location
    tags: allTags
    databaseName: databaseName
    capacityMode: cosmosCapacityMode
    maxThroughput: cosmosMaxThroughput
    zoneRedundant: zoneRedundant
    readRegions: regionsOfDatabase
    isPrivate: privateNetwork
    principalId: identity.outputs.principalId
  }
}

module privateEndpoints 'modules/private-endpoints.bicep' = if (privateNetwork) {
  params: {
    name: '${prefix}-${token}'
    location: location
    tags: allTags
    virtualNetworkId: network!.outputs.id
    subnetId: network!.outputs.endpointSubnetId
    services: [
      { group: 'blob', resourceId: storage.outputs.id, url: storage.outputs.blobEndpoint }
      { group: 'queue', resourceId: storage.outputs.id, url: storage.outputs.queueEndpoint }
      { group: 'Sql', resourceId: cosmos.outputs.id, url: cosmos.outputs.endpoint }
    ]
  }
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    name: '${prefix}-${token}'
    location: location
    tags: allTags
    retentionDays: logRetentionDays
    principalId: identity.outputs.principalId
  }
}

module alerts 'modules/alerts.bicep' = {
  params: {
    name: '${prefix}-${token}'
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
    email: alertEmail
    actionGroupIds: alertActionGroups
  }
}

module logs 'modules/audit-logs.bicep' = if (auditLogs) {
  params: {
    workspaceId: monitoring.outputs.workspaceId
    cosmosAccountName: cosmos.outputs.name
    storageAccountName: storage.outputs.name
  }
}

module app 'modules/function-app.bicep' = {
  // Names lead to the private endpoints before the app asks for the first one.
  dependsOn: [privateEndpoints]
  params: {
    // At most 32 characters: the host takes its id from the first 32.
    name: 'func-${prefix}-${token}'
    location: location
    tags: allTags
    zoneRedundant: zoneRedundant
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyInstances: alwaysReadyInstances
    updateStrategy: updateStrategy
    subnetId: network.?outputs.appSubnetId ?? ''
    frontDoorId: frontDoor
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    deploymentContainerUrl: storage.outputs.deploymentContainerUrl
    blobEndpoint: storage.outputs.blobEndpoint
    queueEndpoint: storage.outputs.queueEndpoint
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    cosmosEndpoint: cosmos.outputs.endpoint
    databaseName: databaseName
    cosmosRegions: cosmos.outputs.regions
    publicBaseUrl: !empty(publicBaseUrl) || empty(customDomain) ? publicBaseUrl : 'https://${customDomain}'
    instance: instance
    tenantId: empty(tenantId) ? tenant().tenantId : tenantId
    allowedTenants: allowedTenants
    clientId: clientId
    downstreamApis: downstreamApis
    sessionIdleTimeoutMinutes: sessionIdleTimeoutMinutes
    sessionAbsoluteTimeoutMinutes: sessionAbsoluteTimeoutMinutes
    sessionMaxPerAccount: sessionMaxPerAccount
    signOutScope: signOutScope
    directoryNotifications: directoryNotifications
    additionalSettings: additionalSettings
  }
}

module availability 'modules/availability.bicep' = if (availabilityTest) {
  params: {
    name: '${prefix}-${token}'
    location: location
    tags: allTags
    baseUrl: app.outputs.baseUrl
    locations: availabilityTestLocations
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    actionGroupIds: alerts.outputs.actionGroupIds
  }
}

module domain 'modules/custom-domain.bicep' = if (!empty(customDomain)) {
  params: {
    appName: app.outputs.name
    location: location
    tags: allTags
    domain: customDomain
  }
}

@description('Name of the Function App, which you publish the app to.')
output functionAppName string = app.outputs.name

@description('Value of the TXT record `asuid.<custom domain>`, which proves that the domain is yours.')
output domainVerificationId string = app.outputs.domainVerificationId

@description('Base URL of the app.')
output baseUrl string = app.outputs.baseUrl

@description('Redirect URI to add to the app registration, for the platform Web.')
output redirectUri string = '${app.outputs.baseUrl}/auth/callback'

@description('Second redirect URI to add to the app registration. The end-session endpoint returns only to registered URIs.')
output postLogoutRedirectUri string = '${app.outputs.baseUrl}/auth/signed-out'

@description('Front-channel logout URL to enter in the app registration.')
output logoutUrl string = '${app.outputs.baseUrl}/auth/frontchannel-logout'

@description('Issuer of the federated credential to add to the app registration.')
output federatedCredentialIssuer string = 'https://${clouds[authorityHost].issuerHost}/${tenant().tenantId}/v2.0'

@description('Audience of that federated credential.')
output federatedCredentialAudience string = clouds[authorityHost].tokenExchangeAudience

@description('Subject of that federated credential: the object id of the managed identity.')
output federatedCredentialSubject string = identity.outputs.principalId

@description('Client id of the managed identity.')
output managedIdentityClientId string = identity.outputs.clientId

@description('Endpoint of the Azure Cosmos DB account.')
output cosmosEndpoint string = cosmos.outputs.endpoint

@description('Name of the storage account that holds the queues of waiting sign-outs.')
output storageAccountName string = storage.outputs.name

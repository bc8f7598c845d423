metadata description = 'The app in one resource group: a Function App without secrets, its account store, its storage and its telemetry.'

import { downstreamApi } from 'modules/types.bicep'

@description('Name of this environment, used in resource names and tags. Letters, digits and hyphens.')
@minLength(1)
@maxLength(32)
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

@description('Base URL of the app as browsers see it, if it has a custom domain or a path. Empty: the default host name of the Function App.')
param publicBaseUrl string = ''

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

@description('Additional app settings. They override the settings that follow from other parameters. Do not put a secret here; use a Key Vault reference.')
param additionalSettings object = {}

@description('How Azure Cosmos DB is billed: by request, or by throughput that scales up to `cosmosMaxThroughput`. You cannot change this after the first deployment.')
@allowed(['Serverless', 'Autoscale'])
param cosmosCapacityMode string = 'Serverless'

@description('Maximum throughput in request units per second, shared by both containers. Used only with `Autoscale`.')
@minValue(1000)
param cosmosMaxThroughput int = 1000

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

@description('Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Address that gets an e-mail when a sign-out fails. Empty: alerts are raised, but no e-mail is sent.')
param alertEmail string = ''

var token = uniqueString(resourceGroup().id, environmentName)
var prefix = toLower(take(environmentName, 13))
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

module storage 'modules/storage.bicep' = {
  params: {
    name: 'st${token}'
    location: location
    tags: allTags
    zoneRedundant: zoneRedundant
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
    principalId: identity.outputs.principalId
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
  }
}

module app 'modules/function-app.bicep' = {
  params: {
    // At most 32 characters: the host takes its id from the first 32.
    name: 'func-${prefix}-${token}'
    location: location
    tags: allTags
    zoneRedundant: zoneRedundant
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyInstances: alwaysReadyInstances
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    deploymentContainerUrl: storage.outputs.deploymentContainerUrl
    blobEndpoint: storage.outputs.blobEndpoint
    queueEndpoint: storage.outputs.queueEndpoint
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    cosmosEndpoint: cosmos.outputs.endpoint
    databaseName: databaseName
    publicBaseUrl: publicBaseUrl
    instance: instance
    tenantId: empty(tenantId) ? tenant().tenantId : tenantId
    allowedTenants: allowedTenants
    clientId: clientId
    downstreamApis: downstreamApis
    sessionIdleTimeoutMinutes: sessionIdleTimeoutMinutes
    sessionAbsoluteTimeoutMinutes: sessionAbsoluteTimeoutMinutes
    sessionMaxPerAccount: sessionMaxPerAccount
    signOutScope: signOutScope
    additionalSettings: additionalSettings
  }
}

@description('Name of the Function App, which you publish the app to.')
output functionAppName string = app.outputs.name

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

metadata description = 'The app in one resource group: a Function App without secrets, its account store, its storage and its telemetry.'

import { downstreamApi } from 'modules/types.bicep'

@description('Name of this environment, in resource names and tags. Letters, digits and hyphens.')
@minLength(1)
@maxLength(32)
param environmentName string

@description('Region of every resource. It has to offer the Flex Consumption plan.')
param location string = resourceGroup().location

@description('Tags of every resource.')
param tags object = {}

@description('Application (client) id of the Entra app registration.')
@minLength(36)
@maxLength(36)
param clientId string

@description('Who may sign in: a tenant id or domain name, or `organizations`, `common` or `consumers`. Empty: the tenant of the subscription.')
param tenantId string = ''

@description('Tenant ids let in under `organizations`, `common` or `consumers`. Empty: all of them.')
param allowedTenants string[] = []

@description('Base URL of the identity provider. The default is the one of this Azure cloud.')
param instance string = environment().authentication.loginEndpoint

@description('Origin of the app as browsers see it, for a custom domain. Empty: the default host name of the Function App.')
param publicBaseUrl string = ''

@description('The APIs that the app calls for its people.')
param downstreamApis downstreamApi[] = [
  {
    name: 'graph'
    baseUrl: 'https://graph.microsoft.com/v1.0'
    scopes: 'User.Read'
  }
]

@description('A session that is not used for so many minutes ends.')
@minValue(1)
@maxValue(43200)
param sessionIdleTimeoutMinutes int = 60

@description('A session ends so many minutes after sign-in. Not below the idle time-out.')
@minValue(1)
@maxValue(129600)
param sessionAbsoluteTimeoutMinutes int = 720

@description('Sessions that one account may have at once; the oldest makes room.')
@minValue(1)
@maxValue(50)
param sessionMaxPerAccount int = 10

@description('What a sign-out ends: every session of the account, or those of the browser that signed out.')
@allowed(['account', 'session'])
param signOutScope string = 'account'

@description('App settings beside the ones that follow from the other parameters; they win over those. No secrets: a Key Vault reference instead.')
param additionalSettings object = {}

@description('How Azure Cosmos DB is paid for: by request, or by throughput that scales up to `cosmosMaxThroughput`. Not to be changed later.')
@allowed(['Serverless', 'Autoscale'])
param cosmosCapacityMode string = 'Serverless'

@description('Request units per second at most, shared by both containers. Only with `Autoscale`.')
@minValue(1000)
param cosmosMaxThroughput int = 1000

@description('Name of the database.')
param databaseName string = 'auth'

@description('Spread plan, storage and database over availability zones. The region has to have them; not to be changed later.')
param zoneRedundant bool = false

@description('Memory of one instance, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Instances at most.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 100

@description('Instances that always run, so that nobody waits for a cold start. Each is paid for around the clock.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int = 0

@description('How long logs are kept, in days.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Who gets an e-mail when a sign-out fails. Empty: alerts are raised and nobody is told.')
param alertEmail string = ''

var token = uniqueString(resourceGroup().id, environmentName)
var prefix = toLower(take(environmentName, 13))
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

@description('Name of the Function App, to publish to.')
output functionAppName string = app.outputs.name

@description('Origin of the app.')
output baseUrl string = app.outputs.baseUrl

@description('To register as redirect URI of the platform Web.')
output redirectUri string = '${app.outputs.baseUrl}/auth/callback'

@description('To register as redirect URI too: the end-session endpoint returns only to registered ones.')
output postLogoutRedirectUri string = '${app.outputs.baseUrl}/auth/signed-out'

@description('To register as front-channel Logout URL.')
output logoutUrl string = '${app.outputs.baseUrl}/auth/frontchannel-logout'

@description('Issuer of the federated credential that the app registration has to trust.')
output federatedCredentialIssuer string = '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'

@description('Subject of that federated credential: the object id of the managed identity.')
output federatedCredentialSubject string = identity.outputs.principalId

@description('Client id of the managed identity.')
output managedIdentityClientId string = identity.outputs.clientId

@description('Endpoint of the Azure Cosmos DB account.')
output cosmosEndpoint string = cosmos.outputs.endpoint

@description('Storage account with the queues of sign-outs.')
output storageAccountName string = storage.outputs.name

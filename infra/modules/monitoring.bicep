metadata description = 'Log Analytics and Application Insights, to which only the identity of the app may write, and saved queries.'

@description('Suffix of the resource names.')
param name string
param location string
param tags object
param retentionDays int

@description('Object id of the managed identity that may write to it.')
param principalId string

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-${name}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: { disableLocalAuth: true }
  }
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${name}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    // The connection string alone writes nothing, so it is no secret.
    DisableLocalAuth: true
  }
}

var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: applicationInsights
  name: guid(applicationInsights.id, principalId, monitoringMetricsPublisher)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    description: 'Monitoring Metrics Publisher'
  }
}

var queries = [
  {
    name: 'sign-outs'
    displayName: 'Sign-outs by origin and outcome'
    query: loadTextContent('../queries/sign-outs.kql')
  }
  {
    name: 'failed-sign-outs'
    displayName: 'Failed sign-outs by cause'
    query: loadTextContent('../queries/failed-sign-outs.kql')
  }
  {
    name: 'abandoned-sign-outs'
    displayName: 'Abandoned sign-outs'
    query: loadTextContent('../queries/abandoned-sign-outs.kql')
  }
  {
    name: 'deferred-sign-outs'
    displayName: 'Sign-outs put off, and finished later'
    query: loadTextContent('../queries/deferred-sign-outs.kql')
  }
  {
    name: 'sessions'
    displayName: 'Sign-ins, renewals and refusals'
    query: loadTextContent('../queries/sessions.kql')
  }
  {
    name: 'directory'
    displayName: 'What the directory told, and what failed'
    query: loadTextContent('../queries/directory.kql')
  }
  {
    name: 'administration'
    displayName: 'What administrators and their programs did'
    query: loadTextContent('../queries/administration.kql')
  }
  {
    name: 'failed-requests'
    displayName: 'Failed requests by code'
    query: loadTextContent('../queries/failed-requests.kql')
  }
  {
    name: 'reference'
    displayName: 'What is behind the reference of an error page'
    query: loadTextContent('../queries/reference.kql')
  }
  {
    name: 'store'
    displayName: 'Request units, conflicts and retries at the store'
    query: loadTextContent('../queries/store.kql')
  }
  {
    name: 'refused-app'
    displayName: 'Refusals of the app itself'
    query: loadTextContent('../queries/refused-app.kql')
  }
  {
    name: 'expiring-credential'
    displayName: 'Secrets and certificates that expire soon'
    query: loadTextContent('../queries/expiring-credential.kql')
  }
  {
    name: 'throttled'
    displayName: 'Too many requests, by whom the app asked'
    query: loadTextContent('../queries/throttled.kql')
  }
  {
    name: 'availability'
    displayName: 'Share of failed requests'
    query: loadTextContent('../queries/availability.kql')
  }
  {
    name: 'no-telemetry'
    displayName: 'Requests without telemetry of the app'
    query: loadTextContent('../queries/no-telemetry.kql')
  }
  {
    name: 'fewer-sign-ins'
    displayName: 'Missing sign-ins, compared with the day before'
    query: loadTextContent('../queries/fewer-sign-ins.kql')
  }
  {
    name: 'dependencies'
    displayName: 'Functions, and what they wait for'
    query: loadTextContent('../queries/dependencies.kql')
  }
]

resource savedSearches 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = [
  for item in queries: {
    parent: workspace
    name: item.name
    // Replaces what an earlier deployment left.
    etag: '*'
    properties: {
      category: 'Sign-in and sign-out'
      displayName: item.displayName
      query: item.query
      version: 2
    }
  }
]

output workspaceId string = workspace.id
output applicationInsightsName string = applicationInsights.name

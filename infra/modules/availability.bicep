metadata description = 'A test of the app from outside, and an alert when it fails.'

@description('Suffix of the resource names.')
param name string
param location string
param tags object

@description('Base URL of the app as browsers see it.')
param baseUrl string

@description('Ids of the locations that the test comes from.')
param locations string[]

@description('Application Insights, which gets the results.')
param applicationInsightsName string

@description('Ids of the action groups that get the alert.')
param actionGroupIds string[]

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

// The portal finds what belongs together by these tags.
var link = { 'hidden-link:${applicationInsights.id}': 'Resource' }

resource test 'Microsoft.Insights/webtests@2022-06-15' = {
  name: 'readyz-${name}'
  location: location
  tags: union(tags, link)
  kind: 'standard'
  properties: {
    SyntheticMonitorId: 'readyz-${name}'
    Name: 'readyz-${name}'
    Kind: 'standard'
    Enabled: true
    Frequency: 300
    // Long enough for an instance that has to start.
    Timeout: 30
    RetryEnabled: true
    Locations: map(locations, id => { Id: id })
    Request: {
      RequestUrl: '${baseUrl}/readyz'
      HttpVerb: 'GET'
      FollowRedirects: false
      ParseDependentRequests: false
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 7
    }
  }
}

resource alert 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'unreachable-${name}'
  // Metric alerts are global.
  location: 'global'
  tags: union(tags, link, { 'hidden-link:${test.id}': 'Resource' })
  properties: {
    description: 'Most locations get no answer, a bad certificate, or a status other than 200 from /readyz: nothing can be reached, the store or the identity provider does not answer, or the credential is refused.'
    severity: 1
    enabled: true
    scopes: [test.id, applicationInsights.id]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: test.id
      componentId: applicationInsights.id
      // Two locations may have trouble of their own.
      failedLocationCount: max(1, length(locations) - 2)
    }
    autoMitigate: true
    actions: map(actionGroupIds, id => { actionGroupId: id })
  }
}

metadata description = 'Alerts on sign-outs that failed, and on those that were given up.'

@description('Suffix of the resource names.')
param name string
param location string
param tags object

@description('Log Analytics workspace that holds the telemetry of the app.')
param workspaceId string

@description('Address that alerts are mailed to. Empty: no mail is sent.')
param email string

var rules = [
  {
    name: 'abandoned-sign-outs'
    displayName: 'A sign-out was given up'
    description: 'Somebody signed out and may still have a session. The order is in the queue sign-outs-poison.'
    severity: 1
    query: loadTextContent('../queries/abandoned-sign-outs.kql')
    column: 'Abandoned'
  }
  {
    name: 'failed-sign-outs'
    displayName: 'Sign-outs fail'
    description: 'The store does not take sign-outs. They wait in the queue sign-outs and are tried again, or whoever asked was told that they failed (event signout_not_queued).'
    severity: 2
    query: loadTextContent('../queries/failed-sign-outs.kql')
    column: 'Failed'
  }
]

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'ag-${name}'
  // Action groups are global.
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'sign-outs'
    emailReceivers: [{ name: 'operator', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource alertRules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${rule.name}-${name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.displayName
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Total'
            metricMeasureColumn: rule.column
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      autoMitigate: true
      // The tables of a new workspace come with their first rows.
      skipQueryValidation: true
      actions: { actionGroups: empty(email) ? [] : [actionGroup.id] }
    }
  }
]

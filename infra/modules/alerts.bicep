metadata description = 'Alerts on what an operator has to look at: sign-outs that fail, requests that fail, an app that is refused, a credential that expires, telemetry that does not arrive.'

@description('Suffix of the resource names.')
param name string
param location string
param tags object

@description('Log Analytics workspace that holds the telemetry of the app.')
param workspaceId string

@description('Address that alerts are mailed to. Empty: no mail is sent.')
param email string

@description('Ids of further action groups that get the alerts.')
param actionGroupIds string[]

type alertRule = {
  name: string
  displayName: string
  description: string
  severity: int
  query: string
  @description('Column of the query that is compared.')
  column: string
  @description('Default: Total.')
  aggregation: string?
  @description('Default: 0.')
  threshold: int?
  @description('Default: a quarter of an hour.')
  window: string?
  @description('What the query looks at, if that is more than the window.')
  queried: string?
}

var rules alertRule[] = [
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
  {
    name: 'refused-app'
    displayName: 'The identity provider refuses the app'
    description: 'Nobody can sign in: the app registration or its credential is wrong (app_refused), or has expired. npm run doctor says which.'
    severity: 1
    query: loadTextContent('../queries/refused-app.kql')
    column: 'Refused'
  }
  {
    name: 'expiring-credential'
    displayName: 'A credential expires soon'
    description: 'The client secret or certificate of the app expires within 30 days, or has expired; then nobody can sign in. docs/operations.md, Rotate, says what to do.'
    severity: 2
    query: loadTextContent('../queries/expiring-credential.kql')
    column: 'Told'
    // Each instance says so once a day.
    window: 'P1D'
  }
  {
    name: 'availability'
    displayName: 'Requests fail'
    description: 'More than 5 percent of at least 20 requests within five minutes had a status of 500 or more.'
    severity: 1
    query: loadTextContent('../queries/availability.kql')
    column: 'ErrorPercentage'
    aggregation: 'Maximum'
    threshold: 5
  }
  {
    name: 'throttled'
    displayName: 'Too many requests'
    description: 'The store, the identity provider or an API answered 429 more than 50 times within a quarter of an hour.'
    severity: 2
    query: loadTextContent('../queries/throttled.kql')
    column: 'Throttled'
    threshold: 50
  }
  {
    name: 'no-telemetry'
    displayName: 'The app sends no telemetry'
    description: 'The host has at least 100 requests in a quarter of an hour, and the app has sent nothing. The other alerts see nothing either.'
    severity: 2
    query: loadTextContent('../queries/no-telemetry.kql')
    column: 'Silent'
    window: 'PT30M'
  }
  {
    name: 'fewer-sign-ins'
    displayName: 'Sign-ins have dropped'
    description: 'In the last hour there were less than a fifth of the sign-ins of the same hour of the day before. The first day of a weekend looks the same.'
    severity: 3
    query: loadTextContent('../queries/fewer-sign-ins.kql')
    column: 'Missing'
    window: 'PT1H'
    // The day before belongs to the comparison.
    queried: 'P2D'
  }
]
var allActionGroups = concat(empty(email) ? [] : [actionGroup.id], actionGroupIds)

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'ag-${name}'
  // Action groups are global.
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'bff'
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
      evaluationFrequency: rule.?window == null ? 'PT5M' : 'PT15M'
      windowSize: rule.?window ?? 'PT15M'
      overrideQueryTimeRange: rule.?queried
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: rule.?aggregation ?? 'Total'
            metricMeasureColumn: rule.column
            operator: 'GreaterThan'
            threshold: rule.?threshold ?? 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      autoMitigate: true
      // The tables of a new workspace come with their first rows.
      skipQueryValidation: true
      actions: { actionGroups: allActionGroups }
    }
  }
]

output actionGroupIds string[] = allActionGroups

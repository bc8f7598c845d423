metadata description = 'The account store: one document per account, an index of sids, and a role that allows point operations and nothing else.'

param name string
param location string
param tags object
param databaseName string

@allowed(['Serverless', 'Autoscale'])
param capacityMode string

@description('Maximum throughput in request units per second. Used only with Autoscale.')
param maxThroughput int

param zoneRedundant bool

@description('Further regions, which take over in this order if the region of the account is lost. Not with Serverless.')
param readRegions string[]

@description('Whether only private endpoints lead to it.')
param isPrivate bool

@description('Object id of the managed identity that may use it.')
param principalId string

var isServerless = capacityMode == 'Serverless'
var regions = concat([location], readRegions)

resource account 'Microsoft.DocumentDB/databaseAccounts@2024-11-15' = {
  name: name
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    capabilities: isServerless ? [{ name: 'EnableServerless' }] : []
    // With a weaker level an instance could read a document that another one has deleted: a signed-out session.
    consistencyPolicy: { defaultConsistencyLevel: 'Strong' }
    locations: map(range(0, length(regions)), index => {
      locationName: regions[index]
      failoverPriority: index
      isZoneRedundant: zoneRedundant
    })
    // Strong consistency allows no second region that writes.
    enableMultipleWriteLocations: false
    enableAutomaticFailover: !empty(readRegions)
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAclBypass: 'None'
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    // The least there is: sessions are never to be restored, because sign-outs would be undone.
    backupPolicy: {
      type: 'Periodic'
      periodicModeProperties: {
        backupIntervalInMinutes: 240
        backupRetentionIntervalInHours: 8
        backupStorageRedundancy: zoneRedundant ? 'Zone' : 'Local'
      }
    }
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2024-11-15' = {
  parent: account
  name: databaseName
  properties: {
    resource: { id: databaseName }
    options: isServerless ? {} : { autoscaleSettings: { maxThroughput: maxThroughput } }
  }
}

resource containers 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = [
  for container in ['accounts', 'sids']: {
    parent: database
    name: container
    properties: {
      resource: {
        id: container
        partitionKey: { paths: ['/id'], kind: 'Hash', version: 2 }
        // On, without a default: documents bring their own time to live.
        defaultTtl: -1
        // Nothing is queried. `none` is not possible: time to live needs the index of `_ts`.
        indexingPolicy: {
          automatic: true
          indexingMode: 'consistent'
          includedPaths: []
          excludedPaths: [{ path: '/*' }]
        }
      }
    }
  }
]

resource role 'Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions@2024-11-15' = {
  parent: account
  name: guid(account.id, 'point-operations')
  properties: {
    roleName: 'Point operations on sessions'
    type: 'CustomRole'
    assignableScopes: ['${account.id}/dbs/${database.name}']
    permissions: [
      {
        // No upsert, no query, no change feed: the code has no use for them, and an upsert could undo a sign-out.
        dataActions: [
          'Microsoft.DocumentDB/databaseAccounts/readMetadata'
          'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/create'
          'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/read'
          'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/replace'
          'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/delete'
        ]
      }
    ]
  }
}

resource assignment 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2024-11-15' = {
  parent: account
  name: guid(account.id, principalId, role.id)
  properties: {
    principalId: principalId
    roleDefinitionId: role.id
    scope: '${account.id}/dbs/${database.name}'
  }
}

output id string = account.id
output name string = account.name
output regions string[] = regions
output endpoint string = account.properties.documentEndpoint

metadata description = 'Storage of the Functions host: the published package, the function keys and the lock of the timer; and the queues of sign-outs that the store could not take, and of what the directory has told.'

param name string
param location string
param tags object
param zoneRedundant bool

@description('Whether only private endpoints lead to it.')
param isPrivate bool

@description('Object id of the managed identity that may use it.')
param principalId string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    // Instances of Flex Consumption have no addresses of their own that a rule could name.
    networkAcls: { defaultAction: isPrivate ? 'Deny' : 'Allow', bypass: 'None' }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    // Brings back function keys, or a package, that somebody deleted.
    properties: {
      deleteRetentionPolicy: { enabled: true, days: 7 }
      containerDeleteRetentionPolicy: { enabled: true, days: 7 }
    }

    resource deployments 'containers' = {
      name: 'deployments'
      properties: { publicAccess: 'None' }
    }
  }

  resource queues 'queueServices' = {
    name: 'default'

    resource signOuts 'queues' = { name: 'sign-outs' }

    // The app would create it with the first message; here it can be looked at before.
    resource poison 'queues' = { name: 'sign-outs-poison' }

    resource changes 'queues' = { name: 'directory-changes' }
    resource changesPoison 'queues' = { name: 'directory-changes-poison' }
  }
}

// What the host needs of its storage: leases, function keys, the timer's lock and the package, all in blobs. What the app
// needs: to write, read and delete messages, and to create a queue that is not there. Nothing in tables or files.
var roles = {
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  'Storage Queue Data Contributor': '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in items(roles): {
    scope: account
    name: guid(account.id, principalId, role.value)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.value)
      description: role.key
    }
  }
]

output id string = account.id
output name string = account.name
output blobEndpoint string = account.properties.primaryEndpoints.blob
output queueEndpoint string = account.properties.primaryEndpoints.queue
output deploymentContainerUrl string = '${account.properties.primaryEndpoints.blob}${account::blobs::deployments.name}'

metadata description = 'Private endpoints, and the DNS zones that lead the names of the services to them.'

@description('Suffix of the resource names.')
param name string
param location string
param tags object

param virtualNetworkId string
param subnetId string

@description('What to make private. `group` is the sub-resource as Azure Private Link calls it.')
param services { group: string, resourceId: string, url: string }[]

// The zone of a service follows from its address, which differs from cloud to cloud.
var hosts = map(services, service => split(split(service.url, '/')[2], ':')[0])
var zoneNames = map(hosts, host => 'privatelink.${join(skip(split(host, '.'), 1), '.')}')

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for (service, index) in services: {
    name: zoneNames[index]
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (service, index) in services: {
    parent: zones[index]
    name: 'app'
    location: 'global'
    tags: tags
    properties: { virtualNetwork: { id: virtualNetworkId }, registrationEnabled: false }
  }
]

resource endpoints 'Microsoft.Network/privateEndpoints@2024-07-01' = [
  for service in services: {
    name: 'pep-${toLower(service.group)}-${name}'
    location: location
    tags: tags
    properties: {
      subnet: { id: subnetId }
      privateLinkServiceConnections: [
        {
          name: toLower(service.group)
          properties: { privateLinkServiceId: service.resourceId, groupIds: [service.group] }
        }
      ]
    }
  }
]

resource records 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = [
  for (service, index) in services: {
    parent: endpoints[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [{ name: toLower(service.group), properties: { privateDnsZoneId: zones[index].id } }]
    }
  }
]

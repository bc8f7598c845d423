metadata description = 'The virtual network of the private variant: one subnet for the app, one for the private endpoints of what it uses.'

@description('Suffix of the resource names.')
param name string
param location string
param tags object

@description('Address range of the virtual network.')
param prefix string

@description('Address ranges in connected networks that may reach the private endpoints, besides the app.')
param allowedPrefixes string[]

resource appRules 'Microsoft.Network/networkSecurityGroups@2024-07-01' = {
  name: 'nsg-app-${name}'
  location: location
  tags: tags
  // Nothing begins a connection to instances of the app: requests come by its front end, which is not in the network.
  properties: { securityRules: [] }
}

resource endpointRules 'Microsoft.Network/networkSecurityGroups@2024-07-01' = {
  name: 'nsg-endpoints-${name}'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'https-from-the-app-and-operators'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefixes: concat([cidrSubnet(prefix, 26, 0)], allowedPrefixes)
          sourcePortRange: '*'
          destinationAddressPrefix: cidrSubnet(prefix, 27, 2)
          destinationPortRange: '443'
        }
      }
      {
        name: 'nobody-else-in-connected-networks'
        properties: {
          priority: 200
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: 'VirtualNetwork'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: 'vnet-${name}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [prefix] }
    subnets: [
      {
        // No underscore: Flex Consumption does not take it in the name of a subnet.
        name: 'app'
        properties: {
          // Flex Consumption uses up to 40 addresses, however many instances there are.
          addressPrefix: cidrSubnet(prefix, 26, 0)
          delegations: [{ name: 'flex-consumption', properties: { serviceName: 'Microsoft.App/environments' } }]
          networkSecurityGroup: { id: appRules.id }
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(prefix, 27, 2)
          // Without it, the security group would not apply to private endpoints.
          privateEndpointNetworkPolicies: 'NetworkSecurityGroupEnabled'
          defaultOutboundAccess: false
          networkSecurityGroup: { id: endpointRules.id }
        }
      }
    ]
  }

  resource app 'subnets' existing = { name: 'app' }
  resource endpoints 'subnets' existing = { name: 'endpoints' }
}

output id string = network.id
output appSubnetId string = network::app.id
output endpointSubnetId string = network::endpoints.id

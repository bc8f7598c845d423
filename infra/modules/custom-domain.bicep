metadata description = 'A certificate that the platform issues and renews, and the custom domain served with it.'

@description('Name of the Function App.')
param appName string
param location string
param tags object

@description('The domain. It must already be one of the host names of the app, which proves that it is yours.')
param domain string

resource app 'Microsoft.Web/sites@2024-11-01' existing = {
  name: appName
}

resource certificate 'Microsoft.Web/sites/certificates@2024-11-01' = {
  parent: app
  name: replace(domain, '.', '-')
  location: location
  tags: tags
  properties: { canonicalName: domain }
}

resource binding 'Microsoft.Web/sites/hostNameBindings@2024-11-01' = {
  parent: app
  name: domain
  properties: {
    hostNameType: 'Verified'
    customHostNameDnsRecordType: 'CName'
    sslState: 'SniEnabled'
    thumbprint: certificate.properties.thumbprint
  }
}

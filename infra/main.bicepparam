using './main.bicep'

// Values come from the environment: from `azd env set NAME value`, or from your shell. Nothing here is secret.

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'production')

// Application (client) id of the app registration.
param clientId = readEnvironmentVariable('ENTRA_CLIENT_ID')

// Empty: people of the subscription's tenant. `organizations` for every tenant, or those listed in ENTRA_ALLOWED_TENANTS.
param tenantId = readEnvironmentVariable('ENTRA_TENANT_ID', '')
param allowedTenants = filter(split(readEnvironmentVariable('ENTRA_ALLOWED_TENANTS', ''), ','), id => !empty(id))

// Custom domain, as https://app.example.com. Empty: the host name that Azure gives the app.
param publicBaseUrl = readEnvironmentVariable('PUBLIC_BASE_URL', '')

param alertEmail = readEnvironmentVariable('ALERT_EMAIL', '')

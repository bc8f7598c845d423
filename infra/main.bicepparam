using './main.bicep'

// Values come from the environment: from `azd env set NAME value`, or from your shell. Nothing here is secret.

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'production')

// Application (client) id of the app registration.
param clientId = readEnvironmentVariable('ENTRA_CLIENT_ID')

// Empty: people of the subscription's tenant. `organizations` for every tenant, or those listed in ENTRA_ALLOWED_TENANTS.
param tenantId = readEnvironmentVariable('ENTRA_TENANT_ID', '')
param allowedTenants = filter(split(readEnvironmentVariable('ENTRA_ALLOWED_TENANTS', ''), ','), id => !empty(id))

// As https://app.example.com, if something is in front of the app, or if it has a path. Empty: the custom domain, or the host name that Azure gives the app.
param publicBaseUrl = readEnvironmentVariable('PUBLIC_BASE_URL', '')

// Custom domain of the Function App, as app.example.com. docs/deploy.md says what to do first.
param customDomain = readEnvironmentVariable('CUSTOM_DOMAIN', '')

// Id of the Front Door profile in front of the app. Empty: requests may come from everywhere.
param frontDoorId = readEnvironmentVariable('FRONT_DOOR_ID', '')

// `true`: storage and database only through private endpoints.
param privateNetwork = bool(readEnvironmentVariable('PRIVATE_NETWORK', 'false'))

param alertEmail = readEnvironmentVariable('ALERT_EMAIL', '')

// `true`: `/readyz` is asked from outside every five minutes. docs/deploy.md says what that costs.
param availabilityTest = bool(readEnvironmentVariable('AVAILABILITY_TEST', 'false'))

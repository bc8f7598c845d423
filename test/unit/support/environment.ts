import { loadConfiguration, type Configuration } from "../../../shared/configuration/configuration.ts";
import type { DownstreamApiConfiguration } from "../../../shared/configuration/downstream-apis.ts";
import type { Environment } from "../../../shared/configuration/settings-reader.ts";

export const tenantId = "3f9a1b5c-7d2e-4c60-8b14-5e6f7a8b9c0d";
export const clientId = "a1b2c3d4-e5f6-4789-8abc-def012345678";

const valid: Environment = {
  PublicBaseUrl: "https://app.example",
  AzureAd__TenantId: tenantId,
  AzureAd__ClientId: clientId,
  AzureAd__ClientCredentials__0__SourceType: "ClientSecret",
  AzureAd__ClientCredentials__0__ClientSecret: "s3cret-of-the-app",
  CosmosDb: "AccountEndpoint=https://store.example:443/;AccountKey=a2V5LW9mLXRoZS1zdG9yZQ==;",
  AzureWebJobsStorage: "UseDevelopmentStorage=true",
};

/** A complete environment with some settings changed; undefined takes one away. */
export function environment(changes: Environment = {}): Environment {
  return { ...valid, ...changes };
}

export function configuration(changes: Environment = {}): Configuration {
  return loadConfiguration(environment(changes));
}

/** Settings of an API, by what they are called after its name. */
export function apiSettings(name: string, given: Environment = {}): Environment {
  const complete = { BaseUrl: "https://api.example/v1.0", Scopes: "User.Read", ...given };
  return Object.fromEntries(Object.entries(complete).map(([key, value]) => [`DownstreamApis__${name}__${key}`, value]));
}

/** An API with these settings, all others as they are by default. */
export function apiConfiguration(name: string, given: Environment = {}): DownstreamApiConfiguration {
  const api = configuration(apiSettings(name, given)).downstreamApis.get(name);
  if (!api) throw new Error("No such API");
  return api;
}

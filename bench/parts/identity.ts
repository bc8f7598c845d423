import { startPlatform } from "@entra-functions-bff/development";
import { generatePeople } from "../../test/support/people.ts";
import { freePorts } from "../../test/support/world.ts";
import { serve } from "./part.ts";

/** The local identity provider and the downstream API. */
const [folder = "", cosmosConnectionString = "", redirectUris = "[]", people = "0"] = process.argv.slice(2);
const ports = await freePorts();
const publicBaseUrl = `http://localhost:${ports.app}`;
const platform = await startPlatform({
  folder,
  ports,
  people: generatePeople(Number(people)),
  settings: { CosmosDb: cosmosConnectionString },
  registration: { redirectUris: [`${publicBaseUrl}/auth/callback`, ...(JSON.parse(redirectUris) as string[])] },
});
const { identityProvider, downstreamApi } = platform;
if (!identityProvider || !downstreamApi) throw new Error("A part did not start");

const methods = {
  environment: () => platform.environment,
  appPort: () => ports.app,
  setAccessTokenLifetime(seconds: number) {
    identityProvider.controls.accessTokenLifetimeSeconds = seconds;
  },
  clearTokenRequests: () => identityProvider.controls.requests.clear(),
  countTokenRequests: () => identityProvider.controls.requests.count({ endpoint: "token" }),
  issuedTokens: () => [...identityProvider.controls.issuedTokens()],
  /** The API records every request; long runs must not fill its memory. */
  clearApiRequests: () => downstreamApi.controls.clearRequests(),
};

export type IdentityMethods = typeof methods;
serve(methods);

import { bundleOptions } from "../../scripts/build.ts";
import { runStart } from "./program.ts";

const usage = `Runs the app on this machine, with stand-ins for everything that is not configured.

Usage: npm start        builds the app and runs it
       npm run dev      does the same again whenever a file in functions/, shared/ or web/ changes

Options, after "--":
  --port <number>       the first of seven consecutive ports (7071)
  --help                shows this text

Settings come from the environment and from "Values" in local.settings.json. What has no settings gets a stand-in:

  no AzureAd__…                                 a local identity provider
  no CosmosDb and no CosmosDb__accountEndpoint  a local Azure Cosmos DB endpoint
  no AzureWebJobsStorage                        a local queue storage (Azurite)
  no AzureAd__… and no DownstreamApis__graph__… a small API like Microsoft Graph

The stand-ins keep their data in .local/. Delete that folder to start afresh.
`;

await runStart({ usage, bundle: bundleOptions, folders: ["functions", "shared", "web"] });

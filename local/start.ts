import { parseArgs } from "node:util";
import { givenSettings, ports } from "./given-settings.ts";
import { startApp, startPlatform, type Platform } from "./platform.ts";

const usage = `Runs the app on this machine, with stand-ins for everything that is not configured.

Usage: npm start

Settings come from the environment and from "Values" in local.settings.json. Without settings named AzureAd__… a local
identity provider is started, without CosmosDb or CosmosDb__accountEndpoint a local Azure Cosmos DB endpoint, without
AzureWebJobsStorage a local queue storage (Azurite), and without AzureAd__… and DownstreamApis__… a small API like
Microsoft Graph. Their data is kept in .local/; delete that folder to start afresh.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { help: { type: "boolean", short: "h" } } });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const platform = await startPlatform({ folder: ".local", ports, settings: await givenSettings() });
  const instance = await startApp(platform, { appFolder: ".", port: ports.app, log: printLine });
  console.log(banner(platform));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void instance.stop());
  }
  const code = await instance.exited;
  await platform.stop();
  process.exitCode = typeof code === "number" ? code : 1;
}

function printLine(line: string): void {
  if (!/^(listening|function) /.test(line)) console.log(line);
}

function banner({ publicBaseUrl, identityProvider, cosmos, secondApp }: Platform): string {
  const lines = [
    "",
    `  The app                ${publicBaseUrl}`,
    ...(identityProvider ? [`  Identity provider      ${identityProvider.publicUrl}`] : []),
    ...(secondApp ? [`  The other app          ${secondApp.url}`] : []),
    ...(cosmos ? [`  Documents as stored    ${cosmos.url}`] : []),
    "",
  ];
  if (secondApp && cosmos) {
    lines.push(
      "  Try this:",
      `  1. Open ${publicBaseUrl} and sign in as anyone you like. Call the API.`,
      `  2. Open ${cosmos.url} beside it: the account's document, sealed.`,
      `  3. Open ${secondApp.url}, sign in there (it takes no questions), and sign out there.`,
      "     The document is gone, and the app's page says that you are signed out.",
      "",
    );
  }
  return [...lines, "  Ctrl+C stops everything. People stay signed in across restarts.", ""].join("\n");
}

await main();

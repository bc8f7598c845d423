import { format } from "prettier";
import { settings, type Setting } from "../../shared/configuration/settings.ts";
import { hostSettings, platformHostName } from "../../shared/configuration/host-settings.ts";

/** The app's settings by subject, in the order of shared/configuration/settings.ts. */
const groups: readonly (readonly [title: string, prefix: RegExp])[] = [
  ["The app", /^(PublicBaseUrl$|Development__|Http__)/],
  ["Identity provider", /^AzureAd__(?!ClientCredentials)/],
  ["Client credential", /^AzureAd__ClientCredentials__/],
  ["Azure Cosmos DB", /^CosmosDb/],
  ["Sessions and sign-out", /^(Session|SignOut)__/],
  ["A directory that ends sessions", /^Directory__/],
  ["Downstream APIs", /^DownstreamApis__/],
  ["Telemetry", /^Telemetry__/],
];

const introduction = `# Configuration

<!-- Written by \`npm run docs:settings\` from shared/configuration/settings.ts. Change it there. -->

All settings of the app. In Azure they are app settings. On your machine, put them into the environment or into \`Values\`
in \`local.settings.json\`; \`npm start\` and \`npm run doctor\` read both. If the settings for a real part are present,
\`npm start\` uses that part instead of its stand-in.

Names are not case-sensitive. If a setting is missing, malformed or contradictory, the log at start and \`/readyz\` name it and say
what is expected, without its value; the app then answers 503 \`configuration_invalid\` to everything else.
\`npm run doctor\` checks the settings and whether what they name can be reached: see [doctor.md](doctor.md).
`;

const hostIntroduction = `## Settings of the Functions host

The host reads these settings. The app also reads those of the host's storage account and the route prefix. [infra/main.bicep](../infra/main.bicep)
sets the settings that are marked _yes_.
`;

const closing = `The platform sets \`${platformHostName}\`; the app reads it if \`${settings.publicBaseUrl.name}\` is missing.

## Without a secret

With a managed identity, the settings contain no secret:

\`\`\`
${settings.credentialSourceType.name}=SignedAssertionFromManagedIdentity
${settings.managedIdentityClientId.name}=<client id of the identity>
${settings.cosmosAccountEndpoint.name}=https://<account>.documents.azure.com:443/
${settings.cosmosClientId.name}=<client id of the identity>
${hostSettings.storageCredential.name}=managedidentity
${hostSettings.storageClientId.name}=<client id of the identity>
\`\`\`
`;

/**
 * The text of docs/configuration.md.
 * @throws {Error} when a setting belongs to no group, so that none is missing
 */
export async function configurationPage(): Promise<string> {
  const all = Object.values<Setting>(settings);
  const lost = all.filter(({ name }) => !groups.some(([, prefix]) => prefix.test(name)));
  if (lost.length > 0) throw new Error(`In no group: ${lost.map(({ name }) => name).join(", ")}`);
  const sections = groups.map(([title, prefix]) => {
    const rows = all.filter(({ name }) => prefix.test(name));
    return `## ${title}\n\n${table(["Setting", "Meaning", "Expects", "Default"], rows.map(rowOf))}\n`;
  });
  const hostRows = Object.values(hostSettings).map((setting) => rowOf(setting).concat(setting.deployed ? "yes" : "no"));
  const host = table(["Setting", "Meaning", "Expects", "Default", "Deployed"], hostRows);
  const text = [introduction, ...sections, hostIntroduction, host, closing].join("\n\n");
  return format(text, { parser: "markdown", printWidth: 120 });
}

function rowOf({ name, meaning, expects, default: fallback }: Setting): string[] {
  return [code(name), escaped(meaning), escaped(expects), defaultText(fallback)];
}

/** A value is formatted as code, a sentence is not. */
function defaultText(text = ""): string {
  return text === "" || /^[^\d].* /.test(text) ? escaped(text) : code(text);
}

function code(text: string): string {
  return `\`${text}\``;
}

/** \`<\` would begin a tag, and a backslash an escape. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("<", "&lt;").replaceAll("|", "\\|");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

import { CosmosClient, PartitionKeyKind } from "@azure/cosmos";
import { format } from "prettier";
import { settings } from "../../shared/configuration/settings.ts";
import { usage } from "../../tools/doctor/options.ts";
import { startDirectory } from "../tools/app-registration-harness.ts";
import { doctorOf } from "../tools/doctor-harness.ts";
import { signIn, startWorld, type World } from "../support/world.ts";

/** The text of docs/doctor.md, with what the command prints on the local platform: all green, and with faults. */
export async function doctorPage(): Promise<string> {
  const world = await startWorld({ queueStorage: true });
  try {
    await signIn(world.client(), "ada@contoso.example", "/healthz");
    const green = await record(world);
    await damage(world);
    const red = await record(world, { [settings.clientSecret.name]: "not the secret" });
    return await format(page(green, red, await recordDryRun()), { parser: "markdown", printWidth: 120 });
  } finally {
    await world.stop();
  }
}

async function damage({ platform, cosmos }: World): Promise<void> {
  const { directory } = platform.graph ?? {};
  const [application] = directory?.applications.values() ?? [];
  if (!directory || !application?.optionalClaims) throw new Error("The app is not registered");
  const idToken = application.optionalClaims.idToken.filter(({ name }) => name !== "sid");
  directory.putApplication({ ...application, optionalClaims: { ...application.optionalClaims, idToken } });
  const principal = [...directory.servicePrincipals.values()].find(({ appId }) => appId === application.appId);
  directory.putServicePrincipal({ ...principal, appRoleAssignmentRequired: true });
  const client = new CosmosClient({ connectionString: cosmos.connectionString });
  const database = client.database("auth");
  await database.container("sids").delete();
  await database.containers.create({ id: "sids", partitionKey: { paths: ["/id"], kind: PartitionKeyKind.Hash } });
  client.dispose();
}

async function record(world: World, changes: Readonly<Record<string, string>> = {}): Promise<string> {
  const { output, exitCode } = await doctorOf(world, changes);
  return `$ npm run -s doctor\n${withUsualValues(output, world).trim()}\n\n$ echo $?\n${exitCode}`;
}

/** What app-registration would do in an empty tenant. */
async function recordDryRun(): Promise<string> {
  const args = ["--base-url", "https://app.example", "--name", "Contoso portal", "--dry-run"];
  await using directory = await startDirectory();
  const { output } = await directory.succeed(args);
  return `$ npm run -s app-registration -- ${args.join(" ").replace("Contoso portal", '"Contoso portal"')}\n${output.trim()}`;
}

/** Ports are those of \`npm start\`, and dates and folders the same each time. */
function withUsualValues(output: string, { ports, folder, platform }: World): string {
  const usual = [
    [`:${ports.app}`, ":7071"],
    [`:${ports.identityProvider}`, ":7072"],
    [`:${ports.identityProviderTls}`, ":7073"],
    [`:${ports.cosmos}`, ":7074"],
    [`:${ports.downstreamApi}`, ":7075"],
    ["the environment, ", ""],
    [`${folder}/settings.json`, "npm start"],
    [platform.identityProvider?.tenantId ?? "", "<tenant>"],
  ] as const;
  const text = usual.reduce((all, [from, to]) => all.replaceAll(from, to), output);
  return text.replaceAll(/good until \d{4}-\d\d-\d\d/g, "good until 2027-01-31");
}

function page(green: string, red: string, dryRun: string): string {
  return `# Doctor

<!-- Written by \`npm run docs:doctor\`. Change test/docs/doctor-page.ts. -->

\`npm run doctor\` checks everything that the app needs. It prints a line for each check and, if something is wrong, what to do
about it. It changes nothing and prints no secret.

## What it prints

While \`npm start\` runs, after somebody has signed in:

\`\`\`text
${green}
\`\`\`

With four faults: the client secret is not the app's, the container \`sids\` has no time to live, the app registration
lacks an optional claim, and only assigned people may sign in, but nobody is assigned:

\`\`\`text
${red}
\`\`\`

| Sign | Meaning                                                           |
| ---- | ----------------------------------------------------------------- |
| ✓    | fine                                                              |
| !    | works, but not for long, or not as well as it could               |
| ✗    | failed; the exit code is 1                                        |
| –    | not checked, with the reason: neither pass nor fail |

## How to run it

\`\`\`text
${usage.trim()}
\`\`\`

## What it checks

| Lines                                | What must be true                                                                                                                                   |
| ------------------------------------ | --------------------------------------------------------------------------------------------------------------------------------------------------- |
| Settings                             | The app can start with them. Each problem has a line, and so has each name that only resembles a setting. [configuration.md](configuration.md) has the list |
| Identity provider, Signing keys      | The authority's metadata and keys can be read and used                                                                                              |
| Clock                                | This machine's clock agrees with the identity provider's to within 30 seconds; a difference of 4 minutes is a failure                                                          |
| Client credential                    | The token endpoint issues a token for the app itself. The token gives access to nothing and is thrown away                                                        |
| Cosmos DB, Consistency               | The account answers, and its default consistency is Strong                                                                                          |
| Container accounts, Container sids   | Partition key \`/id\`, time to live on (no default)                                                                                            |
| Permissions                          | A point read is allowed, and a query is not. An account key permits everything; use a managed identity instead                                               |
| Queue storage                        | The queue for waiting sign-outs can be reached, and no sign-out has been given up                                                                          |
| App registration and below           | The registration has the redirect URIs, **the Logout URL of this deployment** and the optional claims, and its secrets and certificates are valid; there is a warning 30 days before they expire, and for those that the app does not use beside a managed identity |
| Sign-in audience | The registration admits the people whom \`AzureAd__TenantId\` names: \`organizations\` needs a multi-tenant registration |
| Service principal, Assignment | The tenant has the app, and it is enabled. If assignment is required, somebody is assigned |
| API …: scopes | The API has the scopes that the app asks for, and somebody has consented to them: an administrator, where only one can. If nobody has, the line has the address for it |
| API …: address | The API answers, and gets no tokens that are for another. No host but Microsoft Graph's gets a token for Microsoft Graph |
| Support | A hint whether services can [manage sessions](http.md#support): the app roles, and version 2 of access tokens |
| Settings: secret | The app knows when its client secret expires, and not later than the registration says, so that it can warn before |
| Settings: sign-outs, host.json | A sign-out that waits is tried often enough to outlive an outage, and so are messages of your own queue functions (\`maxDequeueCount\`) |
| Federated credential                 | The registration trusts the managed identity that the settings name                                                                                 |
| Directory | With \`Directory__Notifications\`: the app's identity may [read all users](directory.md) |
| App, App: …                          | The app itself reports no problem at \`/readyz\`. Lines for telemetry, expiry and directory are there only if it warns of them |
| Odd headers | With \`--url\`: the front end refuses a request that the Functions host cannot take, see [troubleshooting.md](troubleshooting.md#everything-is-an-empty-500) |
| Sign-in: sid, Sign-in: login_hint    | The ID tokens received since the app's start had these claims                                                                                            |

## Which credentials it uses

Locally it uses your settings, with the client secret, certificate and keys in them. For Microsoft Graph, and for Azure resources
without a key, it uses your own sign-in. Any tenant member who may read the directory can have it check the app registration.

A managed identity exists only where the app runs. Therefore the app itself proves its credential and reads both containers when
\`/readyz\` is called, and the command repeats what the app says. Anyone may call \`/readyz\`, but it returns only codes. It
remembers the store's answer for 2 seconds, and the token endpoint's for 5 minutes, or for 15 seconds after a failure; it asks each
of them only once at a time. Frequent calls therefore cause no further requests.

With \`--url\`, the command has no settings. It learns the client id and the authority from the app's redirect to a sign-in, and
compares the registration with the given address. It does not check what only the settings say; of the
scopes, it checks those that the sign-in asks for. To check these too, give it the settings of the deployment:

\`\`\`sh
az functionapp config appsettings list --name $app --resource-group $group > deployment.json
npm run doctor -- --settings deployment.json
\`\`\`

Their names are in [deploy.md](deploy.md). The store and the queue must then be reachable from your machine, and you need rights to read
them. A setting that refers to Key Vault is printed as the reference, which the command reports.

## What app-registration does about it

| What is wrong | \`npm run app-registration\` |
| --- | --- |
| no registration, or no service principal | creates it |
| redirect URIs, Logout URL, optional claims, permissions, the app roles for services | adds them, and keeps what is there |
| implicit grant on, access tokens of version 1 | changes it. Where the registration offers scopes to others, the version stays |
| single-tenant, but \`organizations\` in the settings | changes it with \`--sign-in-audience multi-tenant\`, and never without |
| a scope or API that the tenant does not have | writes nothing, and says what is similar |
| no consent | prints the address where an administrator consents |
| the app does not know when its secret expires | prints the setting, if the registration has one secret |
| disabled, or assignment required; secrets beside a managed identity | says so. An administrator decided that, and only a person knows who else uses a secret |

A run on an empty tenant, with \`--dry-run\`:

\`\`\`text
${dryRun}
\`\`\`
`;
}

import { CosmosClient, PartitionKeyKind } from "@azure/cosmos";
import { format } from "prettier";
import { settings } from "../../shared/configuration/settings.ts";
import { usage } from "../../tools/doctor/options.ts";
import { doctorOf } from "../tools/doctor-harness.ts";
import { signIn, startWorld, type World } from "../support/world.ts";

/** The text of docs/doctor.md, with what the command prints on the local platform: all green, and with three faults. */
export async function doctorPage(): Promise<string> {
  const world = await startWorld({ queueStorage: true });
  try {
    await signIn(world.client(), "ada@contoso.example", "/healthz");
    const green = await record(world);
    await damage(world);
    const red = await record(world, { [settings.clientSecret.name]: "not the secret" });
    return await format(page(green, red), { parser: "markdown", printWidth: 120 });
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

/** Ports are those of \`npm start\`, and dates and folders the same each time. */
function withUsualValues(output: string, { ports, folder, platform }: World): string {
  const usual = [
    [`:${ports.app}`, ":7071"],
    [`:${ports.identityProvider}`, ":7072"],
    [`:${ports.identityProviderTls}`, ":7073"],
    [`:${ports.cosmos}`, ":7074"],
    ["the environment, ", ""],
    [`${folder}/settings.json`, "npm start"],
    [platform.identityProvider?.tenantId ?? "", "<tenant>"],
  ] as const;
  const text = usual.reduce((all, [from, to]) => all.replaceAll(from, to), output);
  return text.replaceAll(/good until \d{4}-\d\d-\d\d/g, "good until 2027-01-31");
}

function page(green: string, red: string): string {
  return `# Doctor

<!-- Written by \`npm run docs:doctor\`. Change test/docs/doctor-page.ts. -->

\`npm run doctor\` checks everything that the app needs: one line for each thing, and what to do where something is
wrong. It changes nothing, and prints no secret.

## What it prints

Beside \`npm start\`, after somebody has signed in:

\`\`\`text
${green}
\`\`\`

With three faults: the client secret is not the app's, the container \`sids\` has no time to live, and the app registration
lacks an optional claim:

\`\`\`text
${red}
\`\`\`

| Sign | Meaning                                                           |
| ---- | ----------------------------------------------------------------- |
| ✓    | fine                                                              |
| !    | works, but not for long, or not as well as it could               |
| ✗    | failed; the exit code is 1                                        |
| –    | not checked, with the reason. This is no good sign and no bad one |

## How to run it

\`\`\`text
${usage.trim()}
\`\`\`

## What it looks at

| Lines                                | What has to be so                                                                                                                                   |
| ------------------------------------ | --------------------------------------------------------------------------------------------------------------------------------------------------- |
| Settings                             | The app starts with them. Each problem is a line, and each name that only looks like one of them. [configuration.md](configuration.md) has the list |
| Identity provider, Signing keys      | The authority's metadata and keys can be read and used                                                                                              |
| Clock                                | This machine agrees with the identity provider to 30 seconds; at 4 minutes it is a failure                                                          |
| Client credential                    | The token endpoint issues a token for the app itself, which opens nothing and is thrown away                                                        |
| Cosmos DB, Consistency               | The account answers, and its default consistency is Strong                                                                                          |
| Container accounts, Container sids   | Partition key \`/id\`, time to live on without a default                                                                                            |
| Permissions                          | A point read is allowed and a query is not. An account key permits everything: use a managed identity                                               |
| Queue storage                        | The queue of deferred sign-outs can be reached, and none has been given up                                                                          |
| App registration and below           | Redirect URIs, **the Logout URL of this deployment**, the optional claims, and how long secrets and certificates are good: a warning 30 days before |
| Federated credential                 | The registration trusts the managed identity that the settings name                                                                                 |
| App, App: …                          | What the app itself says at \`/readyz\`                                                                                                             |
| Odd headers | With \`--url\`: a request that the Functions host cannot take is refused by what is in front of it, see [troubleshooting.md](troubleshooting.md) |
| Sign-in: sid, Sign-in: login_hint    | The ID tokens since the app's start brought these claims                                                                                            |

## Who looks

On your machine the command uses the settings there: the client secret, certificate and keys in them, and for Microsoft
Graph, and for Azure resources without a key, your own sign-in. To read the app registration you need no role but to be
a member of the tenant that may read the directory.

A managed identity exists only where the app runs. So the app itself proves its credential and reads both containers
whenever \`/readyz\` is asked, and the command repeats what it says. \`/readyz\` tells codes and nothing else, to anyone. It
keeps the answer of the store for 2 seconds, that of the token endpoint for 5 minutes, or for 15 seconds if it was no
success, and asks each of them once at a time: asking it often asks nobody else.

\`--url\` knows no settings. It has the app say where a sign-in leads, and with it the client id and the authority, and
compares the registration with the address given. What only settings say is then not checked.
`;
}

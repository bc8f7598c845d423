import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Container } from "@azure/cosmos";
import type { AppInstance } from "@entra-functions-bff/functions-host/instance";
import type { CosmosEndpoint } from "@entra-functions-bff/cosmos-endpoint";
import type { DownstreamApi } from "@entra-functions-bff/development/downstream-api";
import type { UserDirectory } from "@entra-functions-bff/development/user-directory";
import type { IdentityProvider, Person, RegisteredApp } from "@entra-functions-bff/identity-provider";
import type { Platform, Ports } from "@entra-functions-bff/development";
import { freePort, isFree } from "@entra-functions-bff/stand-in-kit/ports";
import type { SecondApp } from "@entra-functions-bff/development";
import { seedCertificates, seedSigningKeys } from "./certificates.ts";
import { quickStart } from "./compile-cache.ts";
import { startQueueService } from "./queue-service.ts";
import { createClient, type Answer, type Client } from "./http-client.ts";

// After the compile cache is there.
const { CosmosClient } = await import("@azure/cosmos");
const { startApp, startPlatform } = await import("@entra-functions-bff/development");

/** Keeps the timer from finishing sign-outs that wait in the queue. */
export const finishingDisabled = "AzureWebJobs.finish-sign-outs.Disabled";

export interface WorldOptions {
  /** Instances of the app over one store; the first is where the public URL leads. */
  readonly instances?: number;
  /** Settings of the app that differ from the local ones. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly registration?: Partial<RegisteredApp>;
  /** Who can sign in; the sample people unless given. */
  readonly people?: readonly Person[];
  /** With an identity provider that names its issuer as Microsoft Entra External ID does. */
  readonly externalId?: boolean;
  /** Folder of an earlier world, to go on with its data. */
  readonly folder?: string;
  readonly ports?: Ports;
  /** With a directory of the people, whose changes end sessions. */
  readonly userDirectory?: boolean;
  /** With a real queue storage. Without, sign-outs that the app leaves for later are taken down, and never done. */
  readonly queueStorage?: boolean;
  /** Folder with host.json, package.json and the bundle; the project's own unless given. */
  readonly appFolder?: string;
}

/** For a run of the tests with HTTP streams: `Http__Streaming=true npm test -- flow race`. */
export const httpStreaming = process.env["Http__Streaming"] === "true";

/** The host plays reading its keys, without the time that this takes in Azure. */
const withoutWaiting = { FunctionsHost__KeyReadMs: "0" };
const streaming = httpStreaming ? { Http__Streaming: "true" } : {};

/** The whole local platform on free ports, the bundle on the functions host, and the means to look at all of it. */
export interface World {
  readonly publicBaseUrl: string;
  readonly instances: readonly AppInstance[];
  readonly cosmos: CosmosEndpoint;
  readonly identityProvider: IdentityProvider;
  readonly downstreamApi: DownstreamApi;
  readonly secondApp: SecondApp;
  /** Microsoft Graph's users, if the world has them. */
  readonly userDirectory: UserDirectory | undefined;
  /** The containers through the SDK, as an operator would read them. */
  readonly accounts: Container;
  readonly sids: Container;
  readonly folder: string;
  readonly ports: Ports;
  readonly platform: Platform;
  /** Sign-outs that the app has left for later, where there is no queue storage. */
  readonly deferred: readonly unknown[];
  /** A new browser, talking to the given instance. */
  client(instance?: number): Client;
  startInstance(environment?: Readonly<Record<string, string>>): Promise<AppInstance>;
  /** Everything that the instances have logged. */
  log(): string;
  /** Everything that the browsers made by `client` have received, from any origin. */
  readonly answers: readonly Answer[];
  stop(options?: { keepData?: boolean }): Promise<void>;
}

/** A world on ports that were free a moment ago; on others if another test has taken one of them since. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startWorldOnce(options);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (!isTaken || options.ports || attempt === 4) throw error;
    }
  }
}

async function startWorldOnce(options: WorldOptions): Promise<World> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "bff-")));
  const ports = { ...(options.ports ?? (await freePorts())), ...(options.queueStorage && { queueStorage: 0 }) };
  await seedCertificates(join(folder, "certificates"));
  await seedSigningKeys(folder);
  const { registration, people, externalId = false, userDirectory = false } = options;
  const platform = await startPlatform({
    folder,
    ports,
    externalId,
    userDirectory,
    ...(registration && { registration }),
    ...(people && { people }),
  });
  const { cosmos, identityProvider, downstreamApi, secondApp, publicBaseUrl } = platform;
  if (!cosmos || !identityProvider || !downstreamApi || !secondApp) throw new Error("A part did not start");

  const sink = platform.queueStorage ? undefined : await startQueueService({ hidesAll: true });
  const queue = sink && { AzureWebJobsStorage: sink.connectionString, [finishingDisabled]: "true" };
  const appFolder = options.appFolder ?? ".";
  const instances: AppInstance[] = [];
  const startInstance = async (environment: Readonly<Record<string, string>> = {}) => {
    const port = instances.length === 0 ? ports.app : 0;
    const all = { ...quickStart, ...queue, ...withoutWaiting, ...streaming, ...options.environment, ...environment };
    const instance = await startApp(platform, { appFolder, port, environment: all });
    instances.push(instance);
    return instance;
  };
  try {
    for (let count = 0; count < (options.instances ?? 1); count++) await startInstance();
  } catch (error) {
    // Nobody else can: what goes on running would keep the test from ending.
    await Promise.all([...instances.map((instance) => instance.stop()), platform.stop(), sink?.stop()]);
    throw error;
  }

  const answers: Answer[] = [];
  const sdk = new CosmosClient({ connectionString: cosmos.connectionString });
  const database = sdk.database("auth");
  return {
    publicBaseUrl,
    instances,
    cosmos,
    identityProvider,
    downstreamApi,
    secondApp,
    userDirectory: platform.userDirectory,
    folder,
    ports,
    platform,
    accounts: database.container("accounts"),
    sids: database.container("sids"),
    client: (instance = 0) =>
      createClient(publicBaseUrl, instances[instance]?.url ?? publicBaseUrl, (answer) => answers.push(answer)),
    startInstance,
    answers,
    get deferred() {
      const texts = sink?.texts("sign-outs") ?? [];
      return texts.map((text): unknown => JSON.parse(Buffer.from(text, "base64").toString()));
    },
    log: () => instances.flatMap((instance) => instance.lines).join("\n"),
    async stop({ keepData = false } = {}) {
      sdk.dispose();
      await Promise.all(instances.map((instance) => instance.stop()));
      await Promise.all([platform.stop(), sink?.stop()]);
      if (!keepData) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Signs a person in with the single sign-on of a browser that the identity provider does not know yet. */
export async function signIn(client: Client, username: string, returnUrl = "/"): Promise<Answer> {
  const query = new URLSearchParams({ loginHint: username, returnUrl });
  const answer = await client.navigate(`/auth/login?${query.toString()}`);
  if (answer.status !== 200) throw new Error(`Sign-in ended with ${answer.status} at ${answer.url}:\n${answer.body}`);
  return answer;
}

/** A form of the app's own page, as a program sends it: with a redirect for an answer, where a person gets a page. */
export function ownForm(publicBaseUrl: string): { method: string; headers: Record<string, string> } {
  return { method: "POST", headers: { origin: publicBaseUrl, "sec-fetch-site": "same-origin" } };
}

export const sessionCookie = "__Host-session";

/** Account key and secret of the browser's session cookie. */
export function sessionOf(client: Client): { value: string; accountKey: string; secret: string } {
  const value = client.cookies("localhost").get(sessionCookie);
  const [accountKey = "", secret = ""] = value?.split(".") ?? [];
  if (!value || !secret) throw new Error("The browser has no session cookie");
  return { value, accountKey, secret };
}

/** Ports that are free now, one for each part. */
export async function freePorts(): Promise<Ports> {
  const [app, identityProvider, identityProviderTls, cosmos, downstreamApi, secondApp] = await freePortNumbers(6);
  if (!app || !identityProvider || !identityProviderTls || !cosmos || !downstreamApi || !secondApp)
    throw new Error("No ports");
  return { app, identityProvider, identityProviderTls, cosmos, downstreamApi, secondApp };
}

async function freePortNumbers(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

/** The first of `count` ports in a row that are all free. */
export async function freePortRow(count: number): Promise<number> {
  for (;;) {
    const first = randomInt(10_000, 32_000 - count);
    const row = Array.from({ length: count }, (_, index) => first + index);
    if ((await Promise.all(row.map(isFree))).every(Boolean)) return first;
  }
}

/** Settings of a downstream API, by what they are called after its name. */
export function apiSettings(name: string, given: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [`DownstreamApis__${name}__${key}`, value]));
}

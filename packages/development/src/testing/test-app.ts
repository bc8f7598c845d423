import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@entra-functions-bff/stand-in-kit/ports";
import {
  startApp as startInstance,
  startPlatform,
  type ApiStandIns,
  type Platform,
  type Settings,
} from "../platform.ts";
import { createClient, type Client } from "./client.ts";
import { personFor, type TestPerson } from "./person.ts";
import { fetchAs, responseOf, type SignedIn } from "./signed-in.ts";
import { finishSignOut } from "./sign-out-page.ts";

export type { ApiStandIn, ApiStandIns, Platform, Settings } from "../platform.ts";
export type { SignedIn } from "./signed-in.ts";
export type { TestPerson } from "./person.ts";

export interface TestAppOptions {
  /** Folder with host.json, package.json and the bundle. */
  readonly appFolder: string;
  /** Settings of the app, besides those of the stand-ins. */
  readonly settings?: Settings;
  /** Stand-ins for the app's APIs. */
  readonly apis?: ApiStandIns;
}

/** The app with stand-ins for everything around it. */
export interface TestApp extends AsyncDisposable {
  /** Its origin. */
  readonly url: string;
  /** A request of a page of the app, for which nobody is signed in. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /**
   * Signs somebody in, through the app and the identity provider, in a browser of their own.
   * @param who a new person as described, or the username of a sample person; by default, a new one without roles
   */
  signIn(who?: string | TestPerson): Promise<SignedIn>;
  /**
   * Signs the person out in another app of theirs. The identity provider's page then calls the app's Logout URL in a frame,
   * without cookies.
   * @throws {Error} if the app did not confirm the sign-out
   */
  signOutElsewhere(who: SignedIn): Promise<void>;
  /** What the app has logged. */
  readonly log: readonly string[];
  /** The stand-ins, whose `controls` make them fail, wait or ask for more. */
  readonly platform: Platform;
  stop(): Promise<void>;
}

/** Starts the app on free ports, with nobody signed in. */
export async function startTestApp({ appFolder, settings, apis }: TestAppOptions): Promise<TestApp> {
  const folder = await mkdtemp(join(tmpdir(), "bff-test-"));
  const [app, secondApp] = [await freePort(), await freePort()];
  const ports = { app, identityProvider: 0, identityProviderTls: 0, cosmos: 0, downstreamApi: 0, secondApp };
  const platform = await startPlatform({ folder, ports, ...(settings && { settings }), ...(apis && { apis }) });
  const removeAll = async () => {
    await platform.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const instance = await startInstance(platform, { appFolder, port: app }).catch(async (error: unknown) => {
    await removeAll();
    throw error;
  });
  const { publicBaseUrl: url } = platform;
  const browsers = new Map<SignedIn, Client>();
  const stop = async () => {
    await instance.stop();
    await removeAll();
  };
  return {
    url,
    platform,
    log: instance.lines,
    fetch: async (path, init) => fetchAs(createClient(url), url, path, init),
    signIn: async (who = {}) => {
      const client = createClient(url);
      const signedIn = await signIn(platform, client, who);
      browsers.set(signedIn, client);
      return signedIn;
    },
    signOutElsewhere: async (who) => signOutElsewhere(platform, browsers.get(who) ?? notOfThisApp()),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function signIn(
  { publicBaseUrl: url, identityProvider }: Platform,
  client: Client,
  who: string | TestPerson,
): Promise<SignedIn> {
  const person = personFor(who, identityProvider ?? isReal());
  const query = new URLSearchParams({ loginHint: person.preferredUsername, returnUrl: "/healthz" });
  const { status, body } = await client.navigate(`/auth/login?${query.toString()}`);
  if (status !== 200) throw new Error(`The sign-in of ${person.name} ended with ${status}:\n${body}`);
  return {
    person,
    fetch: async (path, init) => fetchAs(client, url, path, init),
    visit: async (path) => responseOf(await client.navigate(path)),
  };
}

async function signOutElsewhere({ secondApp, publicBaseUrl }: Platform, client: Client): Promise<void> {
  const { url } = secondApp ?? isReal();
  await client.navigate(`${url}/sign-in`);
  const page = await client.navigate(`${url}/sign-out`, { method: "POST", headers: { origin: url } });
  const { frames } = await finishSignOut(client, page);
  const own = frames.find((frame) => frame.url.startsWith(publicBaseUrl));
  if (own?.status !== 200)
    throw new Error(`The app did not confirm the sign-out: ${own?.status ?? "it was not called"}`);
}

function isReal(): never {
  throw new Error("The settings name a real identity provider, at which a test can sign nobody in");
}

function notOfThisApp(): never {
  throw new Error("This person was signed in to another app");
}

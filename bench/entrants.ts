import { join } from "node:path";
import { identityWebSettings, type IdentityWebBuild } from "./peers/identity-web.ts";
import { accountKeyIn, apiCalls, appLoginPath, cookieHeader, signInAll } from "./sessions.ts";
import { peerProgram, type MeasuredServer } from "./servers.ts";
import type { LoadRequest } from "./parts/load.ts";
import type { Stage } from "./stage.ts";
import type { Client } from "../test/support/http-client.ts";

export const contestants = [
  "hello",
  "floor",
  "app",
  "identityWeb",
  "identityWebMemory",
  "expressOpenidConnect",
  "msalCache",
] as const;
export type Contestant = (typeof contestants)[number];

/** A server with the calls of people who have signed in there. */
export interface Entrant {
  readonly server: MeasuredServer;
  readonly requests: readonly LoadRequest[];
}

export type Entrants = ReadonlyMap<Contestant, Entrant>;

/** The contestants; those of Microsoft.Identity.Web only if it could be built. */
export async function enterAll(stage: Stage, app: MeasuredServer, identityWeb: IdentityWebBuild): Promise<Entrants> {
  const browsers = await signInAll(app.url, appLoginPath);
  const token = await delegatedToken(stage);
  const { expressOpenidConnect, msalCache } = stage.peerPorts;
  const entrants = new Map<Contestant, Entrant>([
    ["hello", { server: await stage.startBaseline("hello"), requests: [{ path: "/hello" }] }],
    ["floor", { server: await startFloor(stage, token), requests: floorCalls(browsers) }],
    ["app", { server: app, requests: apiCalls(browsers.map(cookieHeader)) }],
  ]);
  if ("command" in identityWeb) {
    for (const name of ["identityWeb", "identityWebMemory"] as const)
      entrants.set(name, await signedIn(await startIdentityWeb(stage, identityWeb.command, name)));
  }
  const peers = { expressOpenidConnect, msalCache };
  for (const [name, port] of Object.entries(peers) as [keyof typeof peers, number][])
    entrants.set(name, await signedIn(await startNodePeer(stage, name, port)));
  return entrants;
}

/** Floor, app and Microsoft.Identity.Web anew, with as many workers as CPUs; with the sessions that they have. */
export async function enterAgain(
  stage: Stage,
  entrants: Entrants,
  identityWeb: IdentityWebBuild,
  workers: number,
): Promise<Entrants> {
  const again = new Map<Contestant, Entrant>();
  const enter = async (name: Contestant, start: () => Promise<MeasuredServer>) => {
    const requests = entrants.get(name)?.requests;
    if (requests) again.set(name, { server: await start(), requests });
  };
  const token = await delegatedToken(stage);
  await enter("floor", () => startFloor(stage, token, workers));
  await enter("app", () => stage.startApp({ workers }));
  if ("command" in identityWeb) {
    for (const name of ["identityWeb", "identityWebMemory"] as const)
      await enter(name, () => startIdentityWeb(stage, identityWeb.command, name));
  }
  return again;
}

export async function stopAll(entrants: Entrants): Promise<void> {
  await Promise.all([...entrants.values()].map(({ server }) => server.stop()));
}

async function startFloor(stage: Stage, token: string, workers = 1): Promise<MeasuredServer> {
  return stage.startBaseline("floor", { Bench__AccessToken: token }, workers);
}

function floorCalls(browsers: readonly Client[]): LoadRequest[] {
  return browsers.map((each) => ({ path: `/floor/${accountKeyIn(each)}` }));
}

async function startNodePeer(
  stage: Stage,
  name: "expressOpenidConnect" | "msalCache",
  port: number,
): Promise<MeasuredServer> {
  const file = { expressOpenidConnect: "express-openid-connect.ts", msalCache: "msal-distributed-cache.ts" }[name];
  const environment = { PORT: String(port), PublicBaseUrl: `http://localhost:${port}` };
  return stage.startPeer({ command: peerProgram(file), environment });
}

/** As it is started for a cold start, too. */
export function identityWebProgram(
  stage: Stage,
  command: readonly string[],
  name: "identityWeb" | "identityWebMemory",
) {
  const withMemory = name === "identityWebMemory";
  const options = { port: stage.peerPorts[name], keysFolder: join(stage.folder, "identity-web-keys"), withMemory };
  return { command, environment: identityWebSettings(stage.environment, options) };
}

async function startIdentityWeb(
  stage: Stage,
  command: readonly string[],
  name: "identityWeb" | "identityWebMemory",
): Promise<MeasuredServer> {
  return stage.startPeer(identityWebProgram(stage, command, name));
}

async function signedIn(server: MeasuredServer): Promise<Entrant> {
  const browsers = await signInAll(server.url, (name) => `/login?login_hint=${name}`);
  return { server, requests: apiCalls(browsers.map(cookieHeader)) };
}

/** A token for the API, of one of the people who have signed in. */
async function delegatedToken(stage: Stage): Promise<string> {
  const tokens = await stage.identity.call.issuedTokens();
  return tokens.findLast((token) => /"scp":/.test(payloadOf(token))) ?? "";
}

function payloadOf(token: string): string {
  return Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8");
}

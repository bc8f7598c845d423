import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import type { IdentityProvider } from "@entra-functions-bff/identity-provider";
import { parseScopes } from "@entra-functions-bff/identity-provider/resources";
import { createTokenVerifier, InvalidTokenError } from "./downstream-api/access-token.ts";
import type { Settings } from "./settings.ts";

/**
 * Answers for one of the app's APIs. It is called once the access token has been checked: its signature, lifetime, audience and
 * scope. Without an answer, the caller gets 404.
 * @param request its path is what follows the API's base URL
 * @param claims of the access token; empty if the API is called without one
 */
export type ApiStandIn = (
  request: Request,
  claims: Readonly<Record<string, unknown>>,
) => Response | undefined | Promise<Response | undefined>;

/** By the APIs' names, as in `DownstreamApis__<name>__…`. `graph` replaces the stand-in for Microsoft Graph. */
export type ApiStandIns = Readonly<Record<string, ApiStandIn>>;

export interface RunningApis {
  /** With which the app finds them. */
  readonly settings: Settings;
  stop(): Promise<void>;
}

/** Starts those whose base URL `settings` do not name, on free ports. */
export async function startApiStandIns(
  apis: ApiStandIns,
  settings: Settings,
  provider: IdentityProvider,
): Promise<RunningApis> {
  const missing = Object.entries(apis).filter(([name]) => settingOf(settings, name, "BaseUrl") === undefined);
  const started = await Promise.all(missing.map(([name, api]) => startApi(name, api, settings, provider)));
  return {
    settings: Object.assign({}, ...started.map((each) => each.settings)) as Settings,
    stop: async () => void (await Promise.all(started.map(async (each) => each.stop()))),
  };
}

async function startApi(
  name: string,
  api: ApiStandIn,
  settings: Settings,
  provider: IdentityProvider,
): Promise<RunningApis> {
  const isAnonymous = settingOf(settings, name, "Token")?.toLowerCase() === "anonymous";
  const scopes = settingOf(settings, name, "Scopes") ?? (name === "graph" ? "User.Read" : `api://${name}/access`);
  const check = isAnonymous ? () => Promise.resolve({}) : tokenCheck(provider, scopes);
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing, { name, api, check }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const prefix = `DownstreamApis__${name}__`;
  return {
    settings: {
      [`${prefix}BaseUrl`]: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ...(!isAnonymous && { [`${prefix}Scopes`]: scopes }),
    },
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The host reads the names of settings without regard to case. */
function settingOf(settings: Settings, api: string, part: string): string | undefined {
  const wanted = `DownstreamApis__${api}__${part}`.toLowerCase();
  return Object.entries(settings).find(([name]) => name.toLowerCase() === wanted)?.[1];
}

type TokenCheck = (authorization: string | undefined) => Promise<Readonly<Record<string, unknown>>>;

function tokenCheck(provider: IdentityProvider, scopes: string): TokenCheck {
  const [{ resource, names } = { resource: "", names: [] as string[] }] = parseScopes(scopes).resources;
  const issuers = [`${provider.instance}{tenantid}/v2.0`];
  const verify = createTokenVerifier({ issuers, audience: resource, jwks: async () => provider.jwks() });
  return async (authorization = "") => {
    const claims = await verify(/^Bearer (.+)$/i.exec(authorization)?.[1] ?? "");
    const has = typeof claims["scp"] === "string" ? claims["scp"].split(" ") : [];
    // A token of the app's own has no scopes.
    const isEnough = names.includes(".default") || names.some((name) => has.includes(name));
    if (!isEnough) throw new InvalidTokenError(`The access token has none of these scopes: ${names.join(" ")}`);
    return claims;
  };
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { name, api, check }: { readonly name: string; readonly api: ApiStandIn; readonly check: TokenCheck },
): Promise<void> {
  try {
    const claims = await check(incoming.headers.authorization);
    const response = await api(await requestOf(incoming), claims);
    await send(response ?? Response.json({ error: "not_found" }, { status: 404 }), outgoing);
  } catch (error) {
    const isToken = error instanceof InvalidTokenError;
    if (!isToken) console.error(`The stand-in for the API ${name} failed:`, error);
    if (outgoing.headersSent) return void outgoing.destroy();
    const challenge = { "www-authenticate": `Bearer error="invalid_token"` };
    await send(
      new Response(isToken ? error.message : "", isToken ? { status: 401, headers: challenge } : { status: 500 }),
      outgoing,
    );
  }
}

async function requestOf(incoming: IncomingMessage): Promise<Request> {
  const { method = "GET", headers, url = "/" } = incoming;
  const body = Buffer.concat((await incoming.toArray()) as Buffer[]);
  const fields = Object.entries(headers).map(([field, value = ""]) => [field, String(value)] as [string, string]);
  return new Request(`http://${headers.host ?? "localhost"}${url}`, {
    method,
    headers: fields,
    ...(body.length > 0 && { body }),
  });
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, [...response.headers].flat());
  if (response.body === null) outgoing.end();
  else await pipeline(response.body, outgoing);
}

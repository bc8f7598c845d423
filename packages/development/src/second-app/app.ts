import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { serveIcon, type Icon } from "@entra-functions-bff/stand-in-kit/icon";
import type { RegisteredApp } from "@entra-functions-bff/identity-provider";
import { createBackChannel } from "@entra-functions-bff/identity-provider/back-channel";
import { type PageOptions, renderPage } from "@entra-functions-bff/stand-in-kit/layout";
import type { Neighbour } from "@entra-functions-bff/stand-in-kit/neighbours";
import { createOidcClient, type SignedInPerson, type Transaction } from "./oidc-client.ts";
import { failurePage, homePage } from "./pages.ts";

export interface SecondAppOptions {
  /** Port on 127.0.0.1; 0 picks a free one. */
  readonly port: number;
  /** The identity provider's instance, with a trailing slash. */
  readonly instance: string;
  readonly tenantId: string;
  /** PEM of the private CA that signed the provider's certificate. */
  readonly ca: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Default: "Contoso Expenses". */
  readonly name?: string;
  /** Pages of the same platform, linked below every page. */
  readonly neighbours?: readonly Neighbour[];
}

export interface SecondApp {
  readonly url: string;
  stop(): Promise<void>;
}

/** A receipt. */
const icon: Icon = { colour: "#7a3fb0", lines: '<path d="M10 7h12v18l-3-2-3 2-3-2-3 2zM13.5 12h5M13.5 16.5h5"/>' };

/** Cookies of a host are shared between its ports, so the names must be unique. */
function cookieNames(url: string): { sessionCookie: string; signInCookie: string } {
  const { port } = new URL(url);
  return { sessionCookie: `contoso_expenses_session_${port}`, signInCookie: `contoso_expenses_signin_${port}` };
}

/** How the provider must know this app; `url` is where it is served, without a trailing slash. */
export function secondAppRegistration(
  url: string,
  app: Pick<SecondAppOptions, "clientId" | "clientSecret" | "name">,
): RegisteredApp {
  return {
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    name: app.name ?? "Contoso Expenses",
    redirectUris: [`${url}/signed-in`],
    postLogoutRedirectUris: [`${url}/`],
    frontChannelLogoutUri: `${url}/frontchannel-logout`,
  };
}

/**
 * Starts another app of the same provider, to try single sign-on and single sign-out. Its sessions are in memory.
 * Rejects when the port is taken.
 */
export async function startSecondApp(options: SecondAppOptions): Promise<SecondApp> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const handle = createHandler(options, url);
  server.on("request", (request, response) => {
    if (!serveIcon(request, response, icon)) void handle(request, response);
  });
  return {
    url,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function createHandler(options: SecondAppOptions, url: string) {
  const { name = "Contoso Expenses" } = options;
  const { sessionCookie, signInCookie } = cookieNames(url);
  const { neighbours = [] } = options;
  const client = createOidcClient({ ...options, redirectUri: `${url}/signed-in` }, createBackChannel(options.ca));
  const sessions = new Map<string, SignedInPerson>();
  const transactions = new Map<string, Transaction>();

  const send = (response: ServerResponse, status: number, page: PageOptions) => {
    const { headers, html } = renderPage({ ...page, neighbours });
    response.writeHead(status, headers).end(html);
  };

  const signIn = async (response: ServerResponse) => {
    const { url: authorization, transaction } = await client.start();
    transactions.set(transaction.state, transaction);
    redirect(response, authorization, [cookie(signInCookie, transaction.state, 600)]);
  };

  const signedIn = async (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => {
    const state = query.get("state") ?? "";
    const transaction = state === cookieOf(request, signInCookie) ? transactions.get(state) : undefined;
    transactions.delete(state);
    const code = query.get("code");
    if (transaction === undefined || code === null) return redirect(response, "/", [cookie(signInCookie, "", 0)]);
    const id = randomBytes(32).toString("base64url");
    sessions.set(id, await client.finish(code, transaction));
    redirect(response, "/", [cookie(signInCookie, "", 0), cookie(sessionCookie, id)]);
  };

  const signOut = async (request: IncomingMessage, response: ServerResponse) => {
    const id = cookieOf(request, sessionCookie) ?? "";
    const person = sessions.get(id);
    sessions.delete(id);
    redirect(response, await client.endSessionUrl(person?.loginHint, `${url}/`), [cookie(sessionCookie, "", 0)]);
  };

  const frontChannelLogout = (response: ServerResponse, query: URLSearchParams) => {
    const sid = query.get("sid");
    for (const [id, person] of sessions) if (person.sid !== undefined && person.sid === sid) sessions.delete(id);
    response.writeHead(200, { "cache-control": "no-store", "content-type": "text/plain" }).end("Signed out");
  };

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    try {
      switch (`${request.method} ${pathname}`) {
        case "GET /":
          return send(response, 200, homePage(name, sessions.get(cookieOf(request, sessionCookie) ?? "")));
        case "GET /sign-in":
          return await signIn(response);
        case "GET /signed-in":
          return await signedIn(request, response, searchParams);
        case "POST /sign-out":
          return isForeign(request, url) ? send(response, 403, failurePage(name)) : await signOut(request, response);
        case "GET /frontchannel-logout":
          return frontChannelLogout(response, searchParams);
        default:
          return send(response, 404, failurePage(name));
      }
    } catch (error) {
      console.error(`${name}:`, error instanceof Error ? error.message : error);
      send(response, 502, failurePage(name));
    }
  };
}

/** A form of another site: browsers send `Origin` with every post. */
function isForeign(request: IncomingMessage, url: string): boolean {
  return request.headers.origin !== undefined && request.headers.origin !== url;
}

function redirect(response: ServerResponse, location: string, cookies: readonly string[]): void {
  response.writeHead(303, { location, "set-cookie": [...cookies], "cache-control": "no-store" }).end();
}

function cookie(name: string, value: string, maxAge?: number): string {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${maxAge === undefined ? "" : `; Max-Age=${maxAge}`}`;
}

function cookieOf(request: IncomingMessage, name: string): string | undefined {
  const pairs = (request.headers.cookie ?? "").split(";").map((pair) => pair.trim().split("="));
  return pairs.find(([key]) => key === name)?.[1];
}

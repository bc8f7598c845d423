import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import {
  HttpRequest,
  InvocationContext,
  type Cookie,
  type HttpHandler,
  type HttpMethod,
  type HttpResponseInit,
} from "@azure/functions";
import { api } from "../../functions/api.ts";
import { callbackForm } from "../../functions/callback-form.ts";
import { callback } from "../../functions/callback.ts";
import { frontChannelLogout } from "../../functions/front-channel-logout.ts";
import { login } from "../../functions/login.ts";
import { startPlatform } from "@entra-functions-bff/development";
import type { IdentityProvider } from "@entra-functions-bff/identity-provider";
import { createApp } from "../../shared/app/app.ts";
import { loadConfiguration } from "../../shared/configuration/configuration.ts";
import { httpHandler } from "../../shared/pipeline/handler.ts";
import { seedCertificates } from "../support/certificates.ts";
import { createClient, type Client } from "../support/http-client.ts";
import { freePorts } from "../support/world.ts";
import { startCoverage } from "./functions-that-ran.ts";

/** The app's sources in this process, beside the local platform: V8 tells which of their functions a request runs. */
export interface AppInProcess {
  readonly identityProvider: IdentityProvider;
  /** A new browser. */
  client(): Client;
  /**
   * Waits for `steps`, and tells in which files functions ran during the last GET request for `path`.
   * @returns paths below the project's root
   */
  filesOf(path: string, steps: () => Promise<unknown>): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export async function startAppInProcess(): Promise<AppInProcess> {
  const folder = await mkdtemp(join(tmpdir(), "bff-"));
  const ports = await freePorts();
  await seedCertificates(join(folder, "certificates"));
  const platform = await startPlatform({ folder, ports });
  const { environment, identityProvider, publicBaseUrl } = platform;
  if (!identityProvider) throw new Error("The identity provider did not start");
  await trust(environment["NODE_EXTRA_CA_CERTS"]);

  const handlerFor = handlersOf(environment);
  const coverage = await startCoverage();
  let watched: string | undefined;
  let files: readonly string[] = [];
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const request = await requestOf(incoming, publicBaseUrl);
    const { pathname } = new URL(request.url);
    const isWatched = pathname === watched && request.method === "GET";
    if (isWatched) await coverage.take();
    const response = await handlerFor(pathname, request.method)(request, new InvocationContext(quiet));
    if (isWatched) files = await coverage.take();
    send(response, outgoing);
  };
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => outgoing.writeHead(500).end(String(error)));
  });
  await new Promise<void>((listening) => server.listen(ports.app, "127.0.0.1", listening));

  return {
    identityProvider,
    client: () => createClient(publicBaseUrl, `http://127.0.0.1:${ports.app}`),
    async filesOf(path, steps) {
      [watched, files] = [path, []];
      await steps();
      watched = undefined;
      return files;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await coverage.stop();
      await platform.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What the variable of this name does for a process that is to start. */
async function trust(authorities = ""): Promise<void> {
  setDefaultCACertificates([...getCACertificates(), await readFile(authorities, "utf8")]);
}

const quiet = { functionName: "in-process", logHandler: () => undefined };

/** The functions that sign in, call an API and sign out, by path and method. */
function handlersOf(environment: Readonly<Record<string, string | undefined>>) {
  const app = createApp(loadConfiguration(environment));
  const handlers = [api, callback, callbackForm, frontChannelLogout, login].map((definition) => {
    const handler = httpHandler(definition, app, () => Promise.reject(new Error("There is no queue here")));
    const [fixed = ""] = definition.route.split("{");
    return { path: `/${fixed}`, methods: new Set<string>(definition.methods), handler };
  });
  return (pathname: string, method: string): HttpHandler => {
    const found = handlers.find(({ path, methods }) => {
      return (path.endsWith("/") ? pathname.startsWith(path) : pathname === path) && methods.has(method);
    });
    return found?.handler ?? (() => ({ status: 404 }));
  };
}

async function requestOf(incoming: IncomingMessage, publicBaseUrl: string): Promise<HttpRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const url = new URL(incoming.url ?? "/", publicBaseUrl);
  const [, , name = "", ...path] = url.pathname.split("/");
  return new HttpRequest({
    method: incoming.method as HttpMethod,
    url: url.href,
    headers: incoming.headers as Record<string, string>,
    params: { api: name, path: path.join("/") },
    ...(chunks.length > 0 && { body: { bytes: Buffer.concat(chunks) } }),
  });
}

function send({ status = 200, headers, cookies = [], body }: HttpResponseInit, outgoing: ServerResponse): void {
  const setCookie = cookies.map(({ name, value, path, maxAge }: Cookie) => {
    return `${name}=${value}; Path=${path}${maxAge === undefined ? "" : `; Max-Age=${maxAge}`}`;
  });
  outgoing.writeHead(status, { ...(headers as Record<string, string>), "set-cookie": setCookie });
  outgoing.end(body);
}

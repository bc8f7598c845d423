import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { JSONWebKeySet } from "jose";
import { serveIcon, type Icon } from "@entra-functions-bff/stand-in-kit/icon";
import { createApplications, type RegisteredApp } from "./applications.ts";
import { createClaimsFactory } from "./claims.ts";
import { createControls, type IdentityProviderControls } from "./controls.ts";
import type { Addresses } from "./discovery.ts";
import { createEngine } from "./engine.ts";
import { createFaultQueue } from "@entra-functions-bff/stand-in-kit/faults";
import { createGates } from "@entra-functions-bff/stand-in-kit/gates";
import type { Neighbour } from "@entra-functions-bff/stand-in-kit/neighbours";
import { loadKeys } from "./keys.ts";
import { defaultTenantId, samplePeople, type Person } from "./people.ts";
import { createRequestLog } from "./request-log.ts";
import type { Runtime } from "./runtime.ts";
import { openStore } from "./store.ts";
import { issuerOf, tenantIdsOf } from "./tenants.ts";

export type { OptionalClaim, RegisteredApp } from "./applications.ts";
export type { IdentityProviderControls } from "./controls.ts";
export type { Fault } from "@entra-functions-bff/stand-in-kit/faults";
export type { Gate } from "@entra-functions-bff/stand-in-kit/gates";
export type { Person } from "./people.ts";
export type { Tampering } from "./signing.ts";

export interface IdentityProviderOptions {
  /** Port of the pages, on 127.0.0.1; 0 picks a free one. */
  readonly httpPort: number;
  /** Port of the back-end endpoints over TLS, on 127.0.0.1; 0 picks a free one. */
  readonly httpsPort: number;
  /** PEM key and certificate for 127.0.0.1. */
  readonly tls: { readonly key: string; readonly cert: string };
  readonly apps: readonly RegisteredApp[];
  /** A path, or ":memory:". Sessions, refresh tokens and keys are kept there. */
  readonly dataFile: string;
  /** Default: the sample people's tenant. */
  readonly tenantId?: string;
  /** Default: the sample people. */
  readonly people?: readonly Person[];
  /** Pages of the same platform, linked below every page. */
  readonly neighbours?: readonly Neighbour[];
  /** Whether tokens and metadata name the issuer as Microsoft Entra External ID does. Default: false. */
  readonly externalId?: boolean;
  /**
   * Whether the page that tells the apps of a sign-out stays until the person goes on, so that they can watch. By
   * default it goes on by itself, as Entra's does.
   */
  readonly holdSignOutPage?: boolean;
}

export interface IdentityProvider {
  /** The origin that a browser sees, without a trailing slash. */
  readonly publicUrl: string;
  /** What `AzureAd__Instance` is set to, with a trailing slash. */
  readonly instance: string;
  /** Of tokens for people of the tenant. */
  readonly issuer: string;
  readonly tenantId: string;
  readonly people: readonly Person[];
  /** The published keys, for other stand-ins in the same process. */
  jwks(): JSONWebKeySet;
  readonly controls: IdentityProviderControls;
  /** Ends the listeners with every open connection, and closes the data file. */
  stop(): Promise<void>;
}

/** A key. */
const icon: Icon = {
  colour: "#1160c2",
  lines: '<circle cx="12.5" cy="12.5" r="4.5"/><path d="M16 16l8 8M20.5 20.5l3-3"/>',
};

/**
 * Starts an identity provider that behaves like Microsoft Entra ID: pages for the browser over http, back-end endpoints
 * over TLS, both on 127.0.0.1. Rejects when a port is taken or the data file cannot be opened.
 */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const engine = Promise.withResolvers<RequestListener>();
  const whenReady: RequestListener = (request, response) => {
    if (!serveIcon(request, response, icon)) void engine.promise.then((handle) => handle(request, response));
  };
  const pages = createHttpServer(whenReady);
  const backEnd = createHttpsServer({ key: options.tls.key, cert: options.tls.cert }, whenReady);
  const httpPort = await listen(pages, options.httpPort);
  const httpsPort = await listen(backEnd, options.httpsPort).catch(async (error: unknown) => {
    await close(pages);
    throw error;
  });
  const addresses = {
    publicUrl: `http://127.0.0.1:${httpPort}`,
    instance: `https://127.0.0.1:${httpsPort}/`,
    externalId: options.externalId ?? false,
  };
  const runtime = await createRuntime(options, addresses).catch(async (error: unknown) => {
    await Promise.all([close(pages), close(backEnd)]);
    throw error;
  });
  const handle = createEngine(runtime).callback();
  engine.resolve((request, response) => void handle(request, response));
  const stop = async () => {
    runtime.gates.releaseAll();
    await Promise.all([close(pages), close(backEnd)]);
    runtime.store.close();
  };
  let stopped: Promise<void> | undefined;
  return {
    publicUrl: addresses.publicUrl,
    instance: addresses.instance,
    issuer: issuerOf(addresses, runtime.tenantId),
    tenantId: runtime.tenantId,
    people: runtime.people,
    jwks: () => runtime.keys.publicKeys(),
    controls: createControls(runtime),
    stop: async () => {
      stopped ??= stop();
      await stopped;
    },
  };
}

async function createRuntime(options: IdentityProviderOptions, addresses: Addresses): Promise<Runtime> {
  const tenantId = (options.tenantId ?? defaultTenantId).toLowerCase();
  const people = [...(options.people ?? samplePeople(tenantId))];
  const applications = createApplications(options.apps);
  const store = openStore(options.dataFile);
  const keys = loadKeys(store);
  return {
    addresses,
    neighbours: options.neighbours ?? [],
    tenantId,
    people,
    tenantIds: tenantIdsOf(people, tenantId),
    applications,
    store,
    keys,
    claims: createClaimsFactory(addresses, keys, applications),
    settings: {
      accessTokenLifetimeSeconds: 3600,
      rotateRefreshTokens: false,
      includeIssInFrontChannel: false,
      includeSessionState: true,
      announceBackChannelLogout: false,
      holdSignOutPage: options.holdSignOutPage ?? false,
      withheldScopes: [],
      applicationPermissions: {},
    },
    faults: createFaultQueue(),
    gates: createGates(),
    log: createRequestLog(),
    issued: new Set(),
    challenges: new Map(),
    tampering: [],
    mistaken: [],
  };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

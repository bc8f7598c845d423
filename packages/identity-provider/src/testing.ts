import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { createBackChannel, type BackChannel } from "./back-channel.ts";
import { loadOrCreateCertificates, type Certificates } from "./certificate.ts";
import { accountId } from "./people.ts";
import {
  startIdentityProvider,
  type IdentityProvider,
  type IdentityProviderOptions,
  type Person,
  type RegisteredApp,
} from "./provider.ts";

/** An app that nobody serves: tests read its redirects. */
export const portal: RegisteredApp = {
  clientId: "6f0c7b1e-54ad-4b0f-9d6e-3c8a5e2f7b90",
  clientSecret: "portal-secret",
  name: "Portal",
  redirectUris: ["http://localhost:7071/auth/callback"],
  postLogoutRedirectUris: ["http://localhost:7071/auth/signed-out"],
  frontChannelLogoutUri: "http://localhost:7071/auth/frontchannel-logout",
};

export const payroll: RegisteredApp = {
  clientId: "1d9e4c62-8b3f-4a17-b0c5-72f6d8e9a431",
  clientSecret: "payroll-secret",
  name: "Payroll",
  redirectUris: ["http://localhost:9001/callback"],
  postLogoutRedirectUris: ["http://localhost:9001/bye"],
  frontChannelLogoutUri: "http://localhost:9001/frontchannel-logout?from=idp",
};

const certificateFolder = fileURLToPath(new URL("../node_modules/.cache/test-certificates", import.meta.url));

/** A private CA shared by all test files and runs, because making one costs more than most tests. */
export async function testCertificates(folder = certificateFolder): Promise<Certificates> {
  if (!existsSync(folder)) await createTogether(folder);
  return loadOrCreateCertificates(folder);
}

/** Several test files may start at once. The first one wins, and none sees an incomplete folder. */
async function createTogether(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const made = await mkdtemp(`${folder}-`);
  await loadOrCreateCertificates(made);
  await rename(made, folder).catch(() => rm(made, { recursive: true }));
}

/** A provider on free ports that ends with the test file, and what its tests ask of it again and again. */
export interface ProviderUnderTest {
  readonly provider: IdentityProvider;
  /** A client for its TLS side. */
  readonly call: BackChannel;
  readonly signIn: Bound<typeof signIn, [IdentityProvider]>;
  readonly askForTokens: Bound<typeof askForTokens, [IdentityProvider, BackChannel]>;
  readonly redeem: Bound<typeof redeem, [IdentityProvider, BackChannel]>;
  /** Signs somebody in with a new browser, and redeems the code. */
  readonly tokensOf: (givenName: string, parameters?: Parameters, app?: RegisteredApp) => Promise<TokenAnswer["body"]>;
  readonly refresh: (refreshToken: string, parameters?: Parameters, app?: RegisteredApp) => Promise<TokenAnswer>;
}

type Parameters = Readonly<Record<string, string>>;
type Bound<F, First extends readonly unknown[]> = F extends (...all: [...First, ...infer Rest]) => infer R
  ? (...rest: Rest) => R
  : never;

export async function startProvider(options: Partial<IdentityProviderOptions> = {}): Promise<ProviderUnderTest> {
  const tls = await testCertificates();
  const provider = await startIdentityProvider({
    httpPort: 0,
    httpsPort: 0,
    tls,
    apps: [portal, payroll],
    dataFile: ":memory:",
    ...options,
  });
  after(async () => provider.stop());
  const call = createBackChannel(tls.ca);
  return {
    provider,
    call,
    signIn: async (...rest) => signIn(provider, ...rest),
    askForTokens: async (...rest) => askForTokens(provider, call, ...rest),
    redeem: async (...rest) => redeem(provider, call, ...rest),
    tokensOf: async (givenName, parameters, app) => {
      const callback = await signIn(provider, createBrowser(provider), person(provider, givenName), app, parameters);
      return (await redeem(provider, call, callback, app)).body;
    },
    refresh: async (refreshToken, parameters = {}, app = portal) =>
      askForTokens(provider, call, { grant_type: "refresh_token", refresh_token: refreshToken, ...parameters }, app),
  };
}

export function person({ people }: IdentityProvider, givenName: string): Person {
  const found = people.find((each) => each.givenName === givenName);
  if (found === undefined) throw new Error(`Nobody is called ${givenName}`);
  return found;
}

/** A browser's cookies and redirects: cookies belong to a host and a path, and ports share them. */
export interface Browser {
  /** Follows redirects until a page, or until they lead to an origin that this test does not serve. */
  open(url: string, form?: Readonly<Record<string, string>>): Promise<Visit>;
  cookies(): readonly string[];
}

export interface Visit {
  readonly url: URL;
  /** Undefined if the redirect led elsewhere. */
  readonly status: number | undefined;
  readonly headers: Headers;
  readonly text: string;
}

export function createBrowser({ publicUrl }: IdentityProvider, ...otherOrigins: readonly string[]): Browser {
  const jar = new Map<string, { pair: string; path: string }>();
  const visit = async (url: URL, form?: Readonly<Record<string, string>>): Promise<Visit> => {
    if (![publicUrl, ...otherOrigins].includes(url.origin))
      return { url, status: undefined, headers: new Headers(), text: "" };
    const cookie = [...jar.values()].filter(({ path }) => url.pathname.startsWith(path)).map(({ pair }) => pair);
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: cookie.join("; ") },
      ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }),
    });
    response.headers.getSetCookie().forEach((header) => keep(jar, header));
    const location = response.headers.get("location");
    if (location !== null) return visit(new URL(location, url));
    return { url, status: response.status, headers: response.headers, text: await response.text() };
  };
  return {
    open: async (url, form) => visit(new URL(url, publicUrl), form),
    cookies: () => [...jar.values()].map(({ pair }) => pair),
  };
}

function keep(jar: Map<string, { pair: string; path: string }>, header: string): void {
  const [pair = "", ...attributes] = header.split(/; */);
  const attribute = (name: string) =>
    attributes.find((each) => each.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
  const path = attribute("path") ?? "/";
  const key = `${pair.split("=")[0] ?? ""} ${path}`;
  const expires = attribute("expires");
  if (expires !== undefined && Date.parse(expires) <= Date.now()) jar.delete(key);
  else jar.set(key, { pair, path });
}

/** Picks a person on the account picker and goes on to the app. */
export async function pick(browser: Browser, picker: Visit, who: Person): Promise<Visit> {
  return browser.open(picker.url.href, { account: accountId(who) });
}

export function authorizeUrl(
  provider: IdentityProvider,
  app: RegisteredApp,
  parameters: Readonly<Record<string, string>> = {},
  tenant = provider.tenantId,
): string {
  const query = new URLSearchParams({
    client_id: app.clientId,
    response_type: "code",
    redirect_uri: app.redirectUris[0] ?? "",
    scope: "openid profile offline_access User.Read",
    state: "the-state",
    nonce: "the-nonce",
    ...parameters,
  });
  return `${provider.publicUrl}/${tenant}/oauth2/v2.0/authorize?${query.toString()}`;
}

/** Signs somebody in and returns the app's callback URL. */
export async function signIn(
  provider: IdentityProvider,
  browser: Browser,
  who: Person,
  app: RegisteredApp = portal,
  parameters: Readonly<Record<string, string>> = {},
): Promise<URL> {
  const visit = await browser.open(authorizeUrl(provider, app, parameters));
  return (visit.status === undefined ? visit : await pick(browser, visit, who)).url;
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asks the token endpoint, authenticated by the app's secret. */
export async function askForTokens(
  provider: IdentityProvider,
  call: BackChannel,
  parameters: Readonly<Record<string, string>>,
  app: RegisteredApp = portal,
): Promise<TokenAnswer> {
  const body = new URLSearchParams({ client_id: app.clientId, client_secret: app.clientSecret, ...parameters });
  const { status, text } = await call(`${provider.instance}${provider.tenantId}/oauth2/v2.0/token`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: body.toString(),
  });
  return { status, body: JSON.parse(text) as Record<string, unknown> };
}

/** Redeems the code of a callback URL. */
export async function redeem(
  provider: IdentityProvider,
  call: BackChannel,
  callback: URL,
  app: RegisteredApp = portal,
  parameters: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer> {
  const code = callback.searchParams.get("code") ?? "";
  const redirectUri = app.redirectUris[0] ?? "";
  return askForTokens(
    provider,
    call,
    { grant_type: "authorization_code", code, redirect_uri: redirectUri, client_info: "1", ...parameters },
    app,
  );
}

export function textOf(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name];
  if (typeof value !== "string") throw new Error(`There is no text called ${name}`);
  return value;
}

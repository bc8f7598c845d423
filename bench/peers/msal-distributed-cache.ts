import { callbackify } from "node:util";
import {
  ConfidentialClientApplication,
  CryptoProvider,
  DistributedCachePlugin,
  type AccountInfo,
  type ICacheClient,
} from "@azure/msal-node";
import express, { type Request } from "express";
import session, { Store, type SessionData } from "express-session";
import { passOn } from "./api.ts";
import { documents } from "./documents.ts";

/* oxlint-disable oxc/no-async-endpoint-handlers -- Express 5 takes handlers that return promises. */
/**
 * Peer B: MSAL Node with `DistributedCachePlugin`, put together as its sample "auth-code-distributed-cache" does it: an
 * Express session in the store, and for each request a client whose cache is the account's entry in the store. Spared is
 * what the sample does for show: verbose logging, and reading the session again for every access to the cache.
 */
declare module "express-session" {
  interface SessionData {
    account?: AccountInfo;
    pkceVerifier?: string;
  }
}

const { PORT = "0", PublicBaseUrl: baseUrl = `http://localhost:${PORT}` } = process.env;
const authority = `${process.env["AzureAd__Instance"]}${process.env["AzureAd__TenantId"]}`;
const scopes = ["User.Read"];
const redirectUri = `${baseUrl}/callback`;
const sessions = documents("peer-b-sessions");
const tokens = documents("peer-b-tokens");
/** The key is empty while nobody is signed in. Unlike Redis, Cosmos DB has no empty keys. */
const cacheClient: ICacheClient = {
  get: async (key) => (key === "" ? "" : ((await tokens.get(key)) ?? "")),
  async set(key, value) {
    if (key !== "") await tokens.set(key, value);
    return value;
  },
};
const metadata = await fetch(`${authority}/v2.0/.well-known/openid-configuration`);
const authorityMetadata = await metadata.text();

function clientFor(homeAccountId: string): ConfidentialClientApplication {
  const partition = {
    getKey: async () => homeAccountId,
    extractKey: async (account: { homeAccountId: string }) => account.homeAccountId,
  };
  return new ConfidentialClientApplication({
    auth: {
      clientId: process.env["AzureAd__ClientId"] ?? "",
      clientSecret: process.env["AzureAd__ClientCredentials__0__ClientSecret"] ?? "",
      authority,
      knownAuthorities: [new URL(authority).host],
      authorityMetadata,
    },
    cache: { cachePlugin: new DistributedCachePlugin(cacheClient, partition) },
  });
}

const loadSession = callbackify(async (id: string) => {
  const text = await sessions.get(id);
  return text === undefined ? null : (JSON.parse(text) as SessionData);
});
const saveSession = callbackify(async (id: string, data: SessionData) => sessions.set(id, JSON.stringify(data)));
const removeSession = callbackify(async (id: string) => sessions.remove(id));
const ignore = () => undefined;

class CosmosSessions extends Store {
  override get(id: string, done: (error: unknown, session: SessionData | null) => void): void {
    loadSession(id, done);
  }
  override set(id: string, data: SessionData, done: (error?: unknown) => void = ignore): void {
    saveSession(id, data, done);
  }
  override destroy(id: string, done: (error?: unknown) => void = ignore): void {
    removeSession(id, done);
  }
}

const textOf = (parameter: unknown) => (typeof parameter === "string" ? parameter : "");

const app = express();
app.disable("x-powered-by");
const secret = "a secret of the benchmark, of no use elsewhere";
app.use(session({ store: new CosmosSessions(), secret, resave: false, saveUninitialized: false }));

app.get("/login", async (request, response) => {
  const { challenge, verifier } = await new CryptoProvider().generatePkceCodes();
  request.session.pkceVerifier = verifier;
  const loginHint = textOf(request.query["login_hint"]);
  const pkce = { codeChallenge: challenge, codeChallengeMethod: "S256" };
  response.redirect(await clientFor("").getAuthCodeUrl({ scopes, redirectUri, loginHint, ...pkce }));
});

app.get("/callback", async (request, response) => {
  const client = clientFor("");
  const code = textOf(request.query["code"]);
  const codeVerifier = request.session.pkceVerifier ?? "";
  const { account } = await client.acquireTokenByCode({ code, scopes, redirectUri, codeVerifier });
  if (account) request.session.account = account;
  response.redirect("/");
});

app.get("/api/graph/me", async (request, response) => {
  await passOn(await accessTokenOf(request), response);
});

async function accessTokenOf({ session: { account } }: Request): Promise<string> {
  if (!account) return "";
  const client = clientFor(account.homeAccountId);
  // The sample's way to make the plugin read the cache.
  await client.getTokenCache().getAllAccounts();
  return (await client.acquireTokenSilent({ account, scopes })).accessToken;
}

app.get("/", (_, response) => void response.send("ok"));
app.listen(Number(PORT), () => console.log(`listening http://localhost:${PORT}`));

import { callbackify } from "node:util";
import express from "express";
import openid, { type Session } from "express-openid-connect";
import { passOn } from "./api.ts";
import { documents } from "./documents.ts";

/** Peer A: `express-openid-connect` with its sessions in Cosmos DB; Express on Node's own HTTP server. */
const { auth, requiresAuth } = openid;
const { PORT = "0", PublicBaseUrl: baseURL = `http://localhost:${PORT}` } = process.env;
const sessions = documents("peer-a-sessions");
const issuerBaseURL = `${process.env["AzureAd__Instance"]}${process.env["AzureAd__TenantId"]}/v2.0`;

interface Payload {
  header: { iat: number; uat: number; exp: number };
  data: Session;
  cookie: { expires: number; maxAge: number };
}

/**
 * The local identity provider serves its pages over plain HTTP, which the library refuses even for the browser's part.
 * The library is given an https URL, and the benchmark's browser uses http.
 */
async function fetchWithSecurePages(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const answer = await fetch(input, init);
  if (!answer.url.endsWith("/.well-known/openid-configuration")) return answer;
  const text = (await answer.text()).replaceAll('"http://', '"https://');
  return new Response(text, { status: answer.status, headers: { "content-type": "application/json" } });
}

const app = express();
app.disable("x-powered-by");
app.use(
  auth({
    baseURL,
    issuerBaseURL,
    customFetch: fetchWithSecurePages,
    clientID: process.env["AzureAd__ClientId"] ?? "",
    clientSecret: process.env["AzureAd__ClientCredentials__0__ClientSecret"] ?? "",
    clientAuthMethod: "client_secret_post",
    secret: "a secret of the benchmark, of no use elsewhere",
    authRequired: false,
    authorizationParams: {
      response_type: "code",
      scope: "openid profile offline_access https://graph.microsoft.com/User.Read",
    },
    session: {
      store: {
        get: callbackify(async (id: string) => {
          const text = await sessions.get(id);
          return text === undefined ? null : (JSON.parse(text) as Payload);
        }),
        set: callbackify(async (id: string, session: Payload) => sessions.set(id, JSON.stringify(session))),
        destroy: callbackify(async (id: string) => sessions.remove(id)),
      },
    },
  }),
);
// Express 5 takes handlers that return promises.
// oxlint-disable-next-line oxc/no-async-endpoint-handlers
app.get("/api/graph/me", requiresAuth(), async (request, response) => {
  let token = request.oidc.accessToken;
  if (token?.isExpired()) token = await token.refresh();
  await passOn(token?.access_token ?? "", response);
});
app.get("/", (_, response) => void response.send("ok"));
app.listen(Number(PORT), () => console.log(`listening http://localhost:${PORT}`));

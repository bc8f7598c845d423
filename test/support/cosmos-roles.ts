import { createHmac } from "node:crypto";
import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { CosmosEndpoint } from "@entra-functions-bff/cosmos-endpoint";

/** Data actions of Azure Cosmos DB's role-based access control, without their common beginning. */
export type DataAction =
  "readMetadata" | "items/create" | "items/read" | "items/replace" | "items/delete" | "executeQuery";

export interface CosmosRoles {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Stands before a Cosmos DB endpoint, over TLS, and lets each Microsoft Entra token do what its role allows, as an
 * account with role-based access control does. What it lets through it signs with the account key.
 * @param roles by token
 */
export async function startCosmosRoles(
  endpoint: CosmosEndpoint,
  roles: ReadonlyMap<string, readonly DataAction[]>,
  tls: { readonly key: string; readonly cert: string },
): Promise<CosmosRoles> {
  const server = createServer(tls, (request, response) => {
    const token = /^type=aad&ver=1\.0&sig=(.+)$/.exec(decodeURIComponent(request.headers.authorization ?? ""))?.[1];
    const allowed = roles.get(token ?? "");
    if (allowed === undefined) refuse(response, 401, "The token is not accepted.");
    else if (!allowed.includes(actionOf(request))) refuse(response, 403, "The role does not allow this.");
    else if (actionOf(request) === "executeQuery") answerQuery(response);
    else forward(endpoint, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function actionOf({ method, url = "", headers }: IncomingMessage): DataAction {
  if (!/\/docs(\/|$)/.test(url)) return "readMetadata";
  if (method === "POST")
    return headers["x-ms-documentdb-isquery"] === "True" || headers["x-ms-documentdb-isquery"] === "true"
      ? "executeQuery"
      : "items/create";
  if (method === "GET") return "items/read";
  return method === "PUT" ? "items/replace" : "items/delete";
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ code: status === 401 ? "Unauthorized" : "Forbidden", message }));
}

function answerQuery(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json", "x-ms-request-charge": "2" });
  response.end(JSON.stringify({ _rid: "", Documents: [], _count: 0 }));
}

function forward(endpoint: CosmosEndpoint, request: IncomingMessage, response: ServerResponse): void {
  const { method = "GET", url = "/" } = request;
  const target = new URL(url, endpoint.url);
  const date = new Date().toUTCString();
  const headers = { ...request.headers, host: target.host, "x-ms-date": date };
  const segments = decodeURIComponent(target.pathname).split("/").filter(Boolean);
  const isFeed = segments.length % 2 === 1;
  const type = (isFeed ? segments.at(-1) : segments.at(-2)) ?? "";
  const link = (isFeed ? segments.slice(0, -1) : segments).join("/");
  const text = `${method.toLowerCase()}\n${type}\n${link}\n${date.toLowerCase()}\n\n`;
  const signature = createHmac("sha256", Buffer.from(endpoint.accountKey, "base64")).update(text).digest("base64");
  headers.authorization = encodeURIComponent(`type=master&ver=1.0&sig=${signature}`);
  const forwarded = httpRequest(target, { method, headers }, (answer) => {
    // The account names the endpoints that it is reached by: this one is what the client must go on with.
    if (segments.length === 0) void rewrite(answer, response, endpoint, request);
    else answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers));
  });
  request.pipe(forwarded);
}

async function rewrite(
  answer: IncomingMessage,
  response: ServerResponse,
  endpoint: CosmosEndpoint,
  { headers }: IncomingMessage,
): Promise<void> {
  const body = (await answer.setEncoding("utf8").toArray()).join("");
  const host = new URL(endpoint.url).host;
  response.writeHead(answer.statusCode ?? 502, { "content-type": "application/json" });
  response.end(body.replaceAll(/http:\/\/[^/"]+/g, `https://${headers.host ?? host}`));
}

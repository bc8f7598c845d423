import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { freePort } from "@entra-functions-bff/stand-in-kit/ports";
import { startTogether } from "./start-together.ts";
import { startWorld, type World } from "./world.ts";

/** Two apps below the paths of one host, each with an identity provider and a store of its own. */
export interface PathsOfOneHost {
  readonly origin: string;
  /** At `/orders`. The proxy in front of it removes the path. */
  readonly orders: World;
  /** At `/billing`. The proxy in front of it keeps the path, so the Functions host has it before every route. */
  readonly billing: World;
  stop(): Promise<void>;
}

/** @param start of each of the two */
export async function startPathsOfOneHost(start: typeof startWorld = startWorld): Promise<PathsOfOneHost> {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const prefix = { AzureFunctionsJobHost__extensions__http__routePrefix: "billing" };
  const [orders, billing] = await startTogether(
    startBelow(start, `${origin}/orders`),
    startBelow(start, `${origin}/billing`, prefix),
  );
  const [ordersUrl = "", billingUrl = ""] = [orders, billing].map(({ instances }) => instances[0]?.url);
  const proxy = createServer((asked, answer) => {
    const { url = "" } = asked;
    if (url.startsWith("/orders/")) pass(asked, answer, ordersUrl + url.slice("/orders".length));
    else if (url.startsWith("/billing/")) pass(asked, answer, billingUrl + url);
    else answer.writeHead(404).end();
  });
  proxy.listen(port, "127.0.0.1");
  await once(proxy, "listening");
  const stop = async () => {
    proxy.close();
    proxy.closeAllConnections();
    await Promise.all([orders.stop(), billing.stop()]);
  };
  return { origin, orders, billing, stop };
}

async function startBelow(
  start: typeof startWorld,
  publicBaseUrl: string,
  environment: Record<string, string> = {},
): Promise<World> {
  const registration = {
    redirectUris: [`${publicBaseUrl}/auth/callback`],
    postLogoutRedirectUris: [`${publicBaseUrl}/auth/signed-out`],
    frontChannelLogoutUri: `${publicBaseUrl}/auth/frontchannel-logout`,
  };
  return start({ registration, environment: { PublicBaseUrl: publicBaseUrl, ...environment } });
}

function pass(asked: IncomingMessage, answer: ServerResponse, url: string): void {
  const { method = "GET", headers } = asked;
  const passed = request(url, { method, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.rawHeaders);
    response.pipe(answer);
  });
  passed.on("error", () => answer.destroy());
  asked.pipe(passed);
}

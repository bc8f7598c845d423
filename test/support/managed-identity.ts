import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What App Service offers an app at `IDENTITY_ENDPOINT`: tokens of its managed identity. */
export interface ManagedIdentity extends AsyncDisposable {
  readonly url: string;
  /** URLs of the requests so far. */
  readonly asked: readonly URL[];
}

/** @param token what every request gets */
export async function startManagedIdentity(token: string): Promise<ManagedIdentity> {
  const asked: URL[] = [];
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? "/", "http://127.0.0.1"));
    const expiresOn = String(Math.floor(Date.now() / 1000) + 24 * 60 * 60);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ access_token: token, expires_on: expiresOn, token_type: "Bearer" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/msi/token`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

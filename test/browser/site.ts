import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** A website of somebody else. */
export interface Site {
  readonly origin: string;
  /** Serves the page at `path` from now on and returns its address. */
  page(path: string, body: string): string;
  stop(): Promise<void>;
}

/** @param host `127.0.0.1` is another site than the app's `localhost`; `localhost` is the same site, another origin */
export async function startSite(host: "127.0.0.1" | "localhost"): Promise<Site> {
  const pages = new Map<string, string>();
  const server = createServer((request, response) => {
    const body = pages.get(request.url ?? "");
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "text/html; charset=utf-8" });
    response.end(`<!doctype html><link rel="icon" href="data:,"><title>Another site</title>${body ?? ""}`);
  });
  server.listen(0, host);
  await once(server, "listening");
  const origin = `http://${host}:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    page(path, body) {
      pages.set(path, body);
      return origin + path;
    },
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import type { Ports } from "./platform.ts";

/** The parts that listen when a person starts the platform. */
export const partNames = {
  app: "the app",
  identityProvider: "the identity provider",
  identityProviderTls: "the identity provider by https",
  cosmos: "Azure Cosmos DB",
  downstreamApi: "the downstream API",
  secondApp: "the other app",
  queueStorage: "queue storage",
} as const satisfies Readonly<Record<keyof Ports, string>>;

/** Consecutive ports from `first` on. */
export function portsFrom(first: number): Ports {
  return {
    app: first,
    identityProvider: first + 1,
    identityProviderTls: first + 2,
    cosmos: first + 3,
    downstreamApi: first + 4,
    secondApp: first + 5,
    queueStorage: first + 6,
  };
}

/**
 * A port from below the range that systems take ports for outgoing connections from: what is free now is still free when
 * somebody listens there, unless another program draws the same number.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    if (await isFree(port)) return port;
  }
}

export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = once(server, "listening").then(
    () => true,
    () => false,
  );
  server.listen(port, "127.0.0.1");
  const free = await listening;
  if (free) await new Promise((closed) => server.close(closed));
  return free;
}

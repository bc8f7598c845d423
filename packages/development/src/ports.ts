import type { Ports } from "./platform-options.ts";

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

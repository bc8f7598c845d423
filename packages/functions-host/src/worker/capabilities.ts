import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Server } from "node:http";
import type { WorkerApp } from "./app.ts";

/** What the worker tells the host about the app's library, once everything is registered. */
export interface WorkerCapabilities {
  /** Where the library accepts requests if it streams (`app.setup({ enableHttpStream: true })`). */
  readonly httpUrl: URL | undefined;
  /** Closes the library's server, which the library itself would keep open as long as the process lives. */
  close(): void;
}

/** Asks the programming model for its capabilities, which also locks `app.setup` and starts the library's server. */
export async function readCapabilities({ programmingModel }: WorkerApp): Promise<WorkerCapabilities> {
  const servers: Server[] = [];
  const onListening = (message: unknown) => {
    const { server } = message as { readonly server: unknown };
    if (server instanceof Server) servers.push(server as Server);
  };
  subscribe(listening, onListening);
  const capabilities = await programmingModel?.getCapabilities?.({ ...defaults });
  unsubscribe(listening, onListening);
  const httpUri = capabilities?.["HttpUri"];
  if (httpUri === undefined) return { httpUrl: undefined, close: () => undefined };
  const httpUrl = new URL(httpUri);
  const own = servers.find((server) => hasPort(server, Number(httpUrl.port)));
  return {
    httpUrl,
    close() {
      own?.close();
      own?.closeAllConnections();
    },
  };
}

/** The library does not expose its server, but Node reports which servers begin to listen. */
const listening = "tracing:net.server.listen:asyncEnd";

const defaults = {
  RawHttpBodyBytes: "true",
  RpcHttpTriggerMetadataRemoved: "true",
  RpcHttpBodyOnly: "true",
  IgnoreEmptyValuedRpcHttpHeaders: "true",
  UseNullableValueDictionaryForHttp: "true",
  WorkerStatus: "true",
  TypedDataCollection: "true",
  HandlesWorkerTerminateMessage: "true",
} as const;

function hasPort(server: Server, port: number): boolean {
  const address = server.address();
  return typeof address === "object" && address?.port === port;
}

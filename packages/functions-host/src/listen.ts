import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Server as TcpServer } from "node:net";
import type { Duplex } from "node:stream";
import { answerUnreadable, closeWith, type ParseError } from "./http/bad-request.ts";
import { holdContinue } from "./http/continue.ts";
import { continueInUpperCase } from "./http/method-case.ts";
import { limits } from "./http/request.ts";
import { errorCode } from "./json-file.ts";
import { StartError } from "./start-error.ts";

/** A server on both loopback addresses, for `localhost` may mean either. */
export interface LoopbackServer {
  readonly port: number;
  /** Stops accepting connections and closes those that wait for a request. */
  stopAccepting(): void;
  /** Closes every connection that is left. */
  close(): Promise<void>;
}

const portAttempts = 5;

/** Where connections come in, without a word about what becomes of them. */
export interface LoopbackListener {
  readonly port: number;
  stopAccepting(): void;
}

/** A server for connections that another process accepts and hands on. */
export interface ReceivingServer extends LoopbackServer {
  receive(socket: Duplex): void;
}

export function createReceivingServer(port: number, listener: RequestListener): ReceivingServer {
  const server = createLocalServer(listener);
  // Node watches the connections of a server from here on.
  server.emit("listening");
  return {
    port,
    receive: (socket) => void server.emit("connection", socket),
    stopAccepting: () => server.closeIdleConnections(),
    close() {
      server.closeAllConnections();
      return Promise.resolve();
    },
  };
}

/**
 * Listens on 127.0.0.1 and, where the machine has it, on ::1, on the same port.
 * @param port 0 picks a free one.
 * @throws {StartError} when the port is taken or may not be used.
 */
export async function listenOnLoopback(port: number, listener: RequestListener): Promise<LoopbackServer> {
  const { port: chosen, servers } = await listenTwice(port, () => createLocalServer(listener));
  return {
    port: chosen,
    stopAccepting() {
      for (const server of servers) {
        server.close();
        server.closeIdleConnections();
      }
    },
    async close() {
      await Promise.all(servers.map(closeHttp));
    },
  };
}

/** As {@link listenOnLoopback}, with servers of any kind; each call of `create` makes one. */
export async function listenOn(port: number, create: () => TcpServer): Promise<LoopbackListener> {
  const { port: chosen, servers } = await listenTwice(port, create);
  return {
    port: chosen,
    stopAccepting() {
      for (const server of servers) server.close();
    },
  };
}

async function listenTwice<S extends TcpServer>(
  port: number,
  create: () => S,
): Promise<{ port: number; servers: S[] }> {
  for (let attempt = 1; ; attempt += 1) {
    const first = await listen("127.0.0.1", port, create());
    const chosen = (first.address() as AddressInfo).port;
    try {
      const second = await listen("::1", chosen, create());
      return { port: chosen, servers: [first, second] };
    } catch (error) {
      if (isWithoutIpv6(error)) return { port: chosen, servers: [first] };
      await new Promise((closed) => first.close(closed));
      // A port that is free on one address only is taken on the other by someone else: try the next.
      if (port !== 0 || attempt === portAttempts) throw error;
    }
  }
}

async function listen<S extends TcpServer>(host: string, port: number, server: S): Promise<S> {
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen({ host, port, ipv6Only: host === "::1" }, listening.resolve);
  try {
    await listening.promise;
  } catch (error) {
    throw explain(error, port);
  }
  server.off("error", listening.reject);
  return server;
}

// The timeouts are Kestrel's. Room for the request line and the headers together: `readHead` checks each by itself.
function createLocalServer(listener: RequestListener): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.requestLine + limits.headers + 8 * 1024,
      keepAliveTimeout: 130_000,
      headersTimeout: 30_000,
      requireHostHeader: false,
    },
    listener,
  );
  server.maxHeadersCount = 0;
  holdContinue(server, listener);
  server.on("clientError", (error: ParseError, socket) => {
    const isMethod = error.code === "HPE_INVALID_METHOD";
    if (!isMethod || !continueInUpperCase(server, error.rawPacket, socket)) answerUnreadable(error, socket);
  });
  server.on("connect", (_request, socket) => {
    socket.on("error", () => socket.destroy());
    closeWith(socket, 404);
  });
  return server;
}

function explain(error: unknown, port: number): unknown {
  const code = errorCode(error);
  if (code === "EADDRINUSE") return new StartError(`port ${port} is already in use`);
  if (code === "EACCES") return new StartError(`port ${port} may not be used by this account`);
  return error;
}

function isWithoutIpv6(error: unknown): boolean {
  const code = errorCode(error);
  return code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT";
}

function closeHttp(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

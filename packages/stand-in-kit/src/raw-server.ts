import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";

/** A server that answers with given bytes, HTTP or not. */
export interface RawServer {
  /** Without a trailing slash. */
  readonly url: string;
  /** The requests as received: the head, and the part of the body that came with it. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

export type RawAnswer = (socket: Socket) => void;

/** @param answers by path; every other path gets a plain 200 */
export async function startRawServer(answers: Readonly<Record<string, RawAnswer>> = {}): Promise<RawServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", (data: Buffer) => {
      const request = data.toString("latin1");
      requests.push(request);
      const path = / ([^ ?]+)/.exec(request)?.[1] ?? "";
      (answers[path] ?? response("200 OK", [], "ok"))(socket);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** A complete HTTP/1.1 response, after which the connection ends. */
export function response(status: string, headers: readonly string[] = [], body: string | Buffer = ""): RawAnswer {
  const lines = [`HTTP/1.1 ${status}`, ...headers, "connection: close"];
  if (!/^(204|304)/.test(status)) lines.push(`content-length: ${Buffer.byteLength(body)}`);
  return (socket) =>
    socket.end(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), Buffer.from(body)]));
}

/** Bytes, and then the end of the connection. */
export function bytes(text: string): RawAnswer {
  return (socket) => socket.end(text);
}

/** Bytes, and then nothing more, however long the caller waits. */
export function bytesThenSilence(text: string): RawAnswer {
  return (socket) => void socket.write(text);
}

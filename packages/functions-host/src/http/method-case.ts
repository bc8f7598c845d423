import { METHODS, type IncomingMessage, type Server } from "node:http";
import { Duplex } from "node:stream";

const requestLine = /^([a-z]+) \S+ HTTP\/1\.[01]\r\n/i;

/** The method of the next request on a connection, as it was sent. */
const sentMethods = new WeakMap<object, string>();

/** The method of a request as it was sent. Kestrel accepts methods in any case and passes them on unchanged. */
export function sentMethodOf(request: IncomingMessage): string {
  const sent = sentMethods.get(request.socket);
  sentMethods.delete(request.socket);
  return sent ?? request.method ?? "";
}

/**
 * Continues with a request that Node's parser refused because of the case of its method (`get`), as if the method were
 * in upper case.
 * @param packet what the parser was reading
 * @returns whether it was such a request
 */
export function continueInUpperCase(server: Server, packet: Buffer | undefined, socket: Duplex): boolean {
  const method = requestLine.exec(packet?.toString("latin1") ?? "")?.[1];
  const upper = method?.toUpperCase();
  if (packet === undefined || method === undefined || upper === undefined) return false;
  // A pending answer (Node keeps it on the socket) would be mixed up with this one.
  const isAnswering = Boolean(Reflect.get(socket, "_httpMessage"));
  if (method === upper || upper === "CONNECT" || !METHODS.includes(upper) || isAnswering) return false;
  const first = Buffer.from(packet);
  first.write(upper, "latin1");
  const connection = new ContinuedConnection(socket, first);
  sentMethods.set(connection, method);
  server.emit("connection", connection);
  return true;
}

/** A connection whose bytes that were already read come first again. */
class ContinuedConnection extends Duplex {
  readonly #socket: Duplex;

  constructor(socket: Duplex, first: Buffer) {
    super();
    this.#socket = socket;
    for (const event of ["data", "end", "close", "drain", "timeout", "error"]) socket.removeAllListeners(event);
    this.push(first);
    socket.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
    socket.resume();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, encoding, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}

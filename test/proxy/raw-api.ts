import { once } from "node:events";
import { readBody } from "@entra-functions-bff/stand-in-kit/raw-answers";
import { createServer, type AddressInfo, type Socket } from "node:net";

/** A request as it came over the wire. */
export interface ApiCall {
  /** Method, target and version. */
  readonly line: string;
  /** Names in lower case, in the order in which they came. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** A recording API that writes what it is told to, byte for byte. */
export interface RawApi {
  /** Without a trailing slash. */
  readonly url: string;
  /** Those that came to their end. */
  readonly calls: ApiCall[];
  /** Connections that are open. */
  readonly sockets: ReadonlySet<Socket>;
  /** From now on, and for every call: answers on the connection that the call came on. */
  answer(how: (socket: Socket, call: ApiCall) => void): void;
  /** Takes the bytes of requests as they come, in the place of the above; undefined ends that. */
  take(how: ((socket: Socket, data: Buffer) => void) | undefined): void;
  stop(): Promise<void>;
}

export async function startRawApi(): Promise<RawApi> {
  const calls: ApiCall[] = [];
  const sockets = new Set<Socket>();
  let answer: Parameters<RawApi["answer"]>[0] = ok;
  let take: Parameters<RawApi["take"]>[0];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    let received = Buffer.alloc(0);
    socket.on("data", (data: Buffer) => {
      if (take) {
        take(socket, data);
        return;
      }
      received = Buffer.concat([received, data]);
      for (let read = readCall(received); read; read = readCall(received)) {
        received = received.subarray(read.end);
        calls.push(read.call);
        answer(socket, read.call);
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    sockets,
    answer: (how) => void (answer = how),
    take: (how) => void (take = how),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** Bytes of an answer with its length. */
export function answerBytes(status: string, fields: readonly string[] = [], body: string | Buffer = ""): Buffer {
  const hasLength = fields.some((field) => /^(?:content-length|transfer-encoding):/i.test(field));
  const lines = [
    ...fields,
    ...(hasLength || /^(?:204|304)/.test(status) ? [] : [`content-length: ${Buffer.byteLength(body)}`]),
  ];
  return Buffer.concat([
    Buffer.from([`HTTP/1.1 ${status}`, ...lines, "", ""].join("\r\n"), "latin1"),
    Buffer.from(body),
  ]);
}

function ok(socket: Socket): void {
  socket.write(answerBytes("200 OK", [], "ok"));
}

/** The first complete request in `data`, and where it ends. */
function readCall(data: Buffer): { call: ApiCall; end: number } | undefined {
  const headEnd = data.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [line = "", ...lines] = data.toString("latin1", 0, headEnd).split("\r\n");
  const fields = lines.map((each) => {
    const colon = each.indexOf(":");
    return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()] as const;
  });
  const named = new Map(fields);
  const isFramed = named.has("transfer-encoding") || named.has("content-length");
  const body = readBody(data, headEnd + 4, isFramed ? fields : [["content-length", "0"]], false);
  return body && { call: { line, fields, body: body.bytes }, end: body.end };
}

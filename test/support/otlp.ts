import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** A span, a log record or a metric, as far as tests look at it. */
export interface OtlpItem {
  readonly signal: "traces" | "logs" | "metrics";
  readonly name: string;
  /** 32 hexadecimal digits; only of spans and log records. */
  readonly traceId: string;
  readonly traceState: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly resource: Readonly<Record<string, string | number | boolean>>;
}

/** A collector on this machine: takes down what is posted to it by OTLP (http/protobuf). */
export interface OtlpEndpoint extends AsyncDisposable {
  readonly url: string;
  readonly items: OtlpItem[];
  /** Bodies of all requests. */
  readonly bodies: Buffer[];
  readonly keys: (string | undefined)[];
  /** Statuses that the next requests are answered, one each, in place of 200. */
  readonly answers: number[];
}

/** @param key the header field whose values are kept in `keys` */
export async function startOtlpEndpoint(key: string): Promise<OtlpEndpoint> {
  const items: OtlpItem[] = [];
  const bodies: Buffer[] = [];
  const keys: (string | undefined)[] = [];
  const answers: number[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const signal = /^\/v1\/(traces|logs|metrics)$/.exec(request.url ?? "")?.[1] as OtlpItem["signal"] | undefined;
      const isProtobuf = request.headers["content-type"] === "application/x-protobuf";
      if (request.method !== "POST" || !signal || !isProtobuf) return response.writeHead(404).end();
      bodies.push(body);
      keys.push(request.headers[key]?.toString());
      const status = answers.shift() ?? 200;
      if (status === 200) items.push(...itemsOf(signal, body));
      return response.writeHead(status, { "content-type": "application/x-protobuf" }).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    items,
    bodies,
    keys,
    answers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** Where OTLP's messages have what tests look at (opentelemetry-proto 1.x). The three requests are alike down to the items. */
const fieldNumbers = {
  traces: { traceId: 1, traceState: 3, name: 5, attributes: 9 },
  logs: { traceId: 9, traceState: 99, name: 12, attributes: 6 },
  metrics: { traceId: 99, traceState: 99, name: 1, attributes: 99 },
} as const;

function itemsOf(signal: OtlpItem["signal"], body: Buffer): OtlpItem[] {
  const numbers = fieldNumbers[signal];
  return messages(fieldsOf(body), 1).flatMap((ofResource) => {
    const resource = attributesOf(messages(ofResource, 1).flatMap((one) => messages(one, 1)));
    const ofScopes = messages(ofResource, 2).flatMap((scope) => messages(scope, 2));
    return ofScopes.map((item) => ({
      signal,
      name: bytes(item, numbers.name).toString(),
      traceId: bytes(item, numbers.traceId).toString("hex"),
      traceState: bytes(item, numbers.traceState).toString(),
      attributes: attributesOf(messages(item, numbers.attributes)),
      resource,
    }));
  });
}

/** KeyValue has `key` and `value`, which is an AnyValue: text, boolean, integer or double. */
function attributesOf(pairs: readonly Fields[]): OtlpItem["attributes"] {
  return Object.fromEntries(pairs.map((pair) => [bytes(pair, 1).toString(), anyValue(messages(pair, 2)[0] ?? [])]));
}

function anyValue(fields: Fields): string | number | boolean {
  const [number, value] = fields[0] ?? [1, Buffer.alloc(0)];
  if (typeof value === "bigint") return number === 2 ? value === 1n : Number(value);
  return number === 4 ? value.readDoubleLE() : value.toString();
}

type Fields = readonly (readonly [number: number, value: Buffer | bigint])[];

function bytes(fields: Fields, number: number): Buffer {
  const found = fields.find(([each]) => each === number)?.[1];
  return Buffer.isBuffer(found) ? found : Buffer.alloc(0);
}

function messages(fields: Fields, number: number): Fields[] {
  return fields.flatMap(([each, value]) => (each === number && Buffer.isBuffer(value) ? [fieldsOf(value)] : []));
}

/** The fields of a message in the wire format of Protocol Buffers. */
function fieldsOf(message: Buffer): Fields {
  const fields: (readonly [number, Buffer | bigint])[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number) => message.subarray(at, (at += length));
  while (at < message.length) {
    const tag = Number(varint());
    const type = tag & 7;
    const value = type === 0 ? varint() : take(type === 1 ? 8 : type === 5 ? 4 : Number(varint()));
    fields.push([tag >> 3, value]);
  }
  return fields;
}

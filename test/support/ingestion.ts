import { once } from "node:events";
import type { IncomingMessage, RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { testCertificates } from "./certificates.ts";

/** One item of telemetry, as far as tests look at it. */
export interface Item {
  readonly ver: number;
  readonly name: string;
  readonly iKey: string;
  readonly time: string;
  readonly sampleRate: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly data: { readonly baseType: string; readonly baseData: ItemData };
}

export interface ItemData {
  readonly ver: number;
  readonly name: string;
  readonly id: string;
  readonly type: string;
  readonly target: string;
  readonly message: string;
  readonly success: boolean;
  readonly resultCode: string;
  readonly duration: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly measurements: Readonly<Record<string, number>>;
  readonly exceptions: readonly { readonly typeName: string; readonly message: string; readonly stack: string }[];
  readonly metrics: readonly { readonly name: string; readonly value: number; readonly count: number }[];
}

export interface IngestionAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The ingestion endpoint of Application Insights on this machine: takes down what is posted to `/v2.1/track`. */
export interface Ingestion extends AsyncDisposable {
  readonly url: string;
  readonly connectionString: string;
  /** What was taken. */
  readonly items: Item[];
  /** Bodies of all requests, taken or not. */
  readonly bodies: string[];
  readonly authorizations: (string | undefined)[];
  /** What the next requests are answered, one each, in place of 200. "hang": nothing. */
  readonly answers: (IngestionAnswer | "hang")[];
  /** Data of the items of a type that were taken. */
  dataOf(baseType: string): ItemData[];
}

export const instrumentationKey = "55555555-5555-4555-8555-555555555555";

/** With a certificate that the instances of a world trust. */
export async function startIngestion(): Promise<Ingestion> {
  const items: Item[] = [];
  const bodies: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const answers: (IngestionAnswer | "hang")[] = [];
  const take: RequestListener = (request, response) => {
    void bodyOf(request).then((body) => {
      if (request.method !== "POST" || request.url !== "/v2.1/track") return response.writeHead(404).end();
      bodies.push(body);
      authorizations.push(request.headers.authorization);
      const answer = answers.shift() ?? { status: 200 };
      if (answer === "hang") return undefined;
      const posted = JSON.parse(body) as Item[];
      if (answer.status === 200) items.push(...posted);
      const all = { itemsReceived: posted.length, itemsAccepted: posted.length, errors: [] };
      response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
      return response.end(JSON.stringify(answer.body ?? all));
    });
  };
  const server = createServer(await testCertificates(), take);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    connectionString: `InstrumentationKey=${instrumentationKey};IngestionEndpoint=${url}/`,
    items,
    bodies,
    authorizations,
    answers,
    dataOf: (baseType) => items.flatMap(({ data }) => (data.baseType === baseType ? [data.baseData] : [])),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const body = await buffer(request);
  return (request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString();
}

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A Queue service that takes every message and gives none out: whoever looks into it finds that they are all hidden. */
export interface QueueSink {
  readonly connectionString: string;
  /** What was put into it, parsed. */
  readonly messages: readonly unknown[];
  stop(): Promise<void>;
}

/** For tests in which the app may hand over what it cannot do at once, and that has to stay undone. */
export async function startQueueSink(): Promise<QueueSink> {
  const messages: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const encoded = /<MessageText>([^<]*)<\/MessageText>/.exec(Buffer.concat(chunks).toString())?.[1];
      const isPut = request.method === "POST" && encoded !== undefined;
      if (isPut) messages.push(JSON.parse(Buffer.from(encoded, "base64").toString()));
      const [status, body] = isPut ? [201, receipt] : request.method === "GET" ? [200, nothing] : [501, undefined];
      const count = { "x-ms-approximate-messages-count": String(messages.length) };
      response.writeHead(status, { "content-type": "application/xml", ...count }).end(body);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sink`;
  return {
    connectionString: `DefaultEndpointsProtocol=http;AccountName=sink;AccountKey=c2luaw==;QueueEndpoint=${endpoint}`,
    messages,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const nothing = `<?xml version="1.0" encoding="utf-8"?><QueueMessagesList />`;
const date = "Thu, 01 Jan 2026 00:00:00 GMT";
const receipt = `<?xml version="1.0" encoding="utf-8"?><QueueMessagesList><QueueMessage><MessageId>sunk</MessageId><InsertionTime>${date}</InsertionTime><ExpirationTime>${date}</ExpirationTime><PopReceipt>none</PopReceipt><TimeNextVisible>${date}</TimeNextVisible></QueueMessage></QueueMessagesList>`;

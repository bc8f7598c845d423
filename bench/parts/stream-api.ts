import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { serve } from "./part.ts";

/** An API whose answers are as long as the last part of their path says, in bytes. */
const server = createServer((request, response) => {
  const size = Number(request.url?.split("/").at(-1));
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": size });
  Readable.from(pieces(size), { objectMode: false })
    .on("error", () => response.destroy())
    .pipe(response);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");

const piece = Buffer.alloc(65_536, "x");

function* pieces(size: number): Generator<Buffer> {
  for (let sent = 0; sent < size; sent += piece.length) yield piece.subarray(0, size - sent);
}

const methods = { url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
export type StreamApiMethods = typeof methods;
serve(methods);

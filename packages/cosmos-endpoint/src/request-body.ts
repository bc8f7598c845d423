import type { IncomingMessage } from "node:http";
import { CosmosError, type JsonObject, badRequest, isJsonObject } from "./responses.ts";

/** Azure Cosmos DB's limit for a document, in bytes of UTF-8. */
const MAX_BYTES = 2 * 1024 * 1024;

/** The client disconnected before its request was complete, so there is nobody to answer. */
export class ClientGoneError extends Error {}

/**
 * Reads a request body up to the allowed size.
 * @throws CosmosError 413 beyond 2 MB
 * @throws ClientGoneError when the connection is lost
 */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let length = 0;
  request.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length <= MAX_BYTES) chunks.push(chunk);
    else reject(new CosmosError(413, `The document is larger than ${MAX_BYTES} bytes.`));
  });
  request.on("end", () => {
    resolve(Buffer.concat(chunks));
  });
  // Once the end is reached, these two have no effect.
  request.on("error", () => {
    reject(new ClientGoneError());
  });
  request.on("close", () => {
    reject(new ClientGoneError());
  });
  return promise;
}

/** The JSON object in a body. @throws CosmosError 400 */
export function parseJsonObject(body: Buffer): JsonObject {
  const value = parsed(body);
  if (!isJsonObject(value)) throw badRequest("The request body is not a JSON object.");
  return value;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    throw badRequest("The request body is not JSON in UTF-8.");
  }
}

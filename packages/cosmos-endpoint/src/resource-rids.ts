import { randomBytes } from "node:crypto";

/** A new resource id (`_rid`) for a database: 4 bytes. */
export function newDatabaseRid(): string {
  return encoded(randomBytes(4));
}

/** A new resource id for a container: its database's 4 bytes and 4 more. The SDK's session container counts on 8. */
export function newContainerRid(databaseRid: string): string {
  return encoded(Buffer.concat([decoded(databaseRid), randomBytes(4)]));
}

/** The resource id of the document that was created with this log sequence number: its container's 8 bytes and 8 more. */
export function documentRid(containerRid: string, logSequenceNumber: number): string {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(logSequenceNumber));
  return encoded(Buffer.concat([decoded(containerRid), number]));
}

// The "/" of base64 would be a path separator in a self link, so Azure Cosmos DB writes "-".
function encoded(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("/", "-");
}

function decoded(rid: string): Buffer {
  return Buffer.from(rid.replaceAll("-", "/"), "base64");
}

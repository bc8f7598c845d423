import type { PipelineRequest } from "@azure/core-rest-pipeline";
import { createHmac, createSecretKey } from "node:crypto";
import { urlToHttpOptions } from "node:url";
import type { Get } from "./http-get.ts";

/** A read that the SDK has sent. Reads of other documents of the same container differ from it in two fields at most. */
export interface SampleRead {
  /** The endpoint that the SDK has chosen, as options of a request. */
  readonly endpoint: Pick<Get, "protocol" | "hostname" | "port">;
  /** `/dbs/{database}/colls/{container}/docs/`. */
  readonly folder: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Makes the `Authorization` of a read with an account key. @param link such as `dbs/auth/colls/accounts/docs/1` */
export type Sign = (link: string, date: string) => string;

const partitionKeyField = "x-ms-documentdb-partitionkey";

/** What the SDK sends with a read, whichever document it is about, and the two fields that depend on the document. */
const knownFields: ReadonlySet<string> = new Set([
  "accept",
  "authorization",
  "cache-control",
  "user-agent",
  "x-ms-cosmos-sdk-supportedcapabilities",
  "x-ms-date",
  "x-ms-documentdb-query-enablecrosspartition",
  "x-ms-documentdb-responsecontinuationtokenlimitinkb",
  "x-ms-useragent",
  "x-ms-version",
  partitionKeyField,
]);

/** Ids and names that are the same in a URL, in a link and in JSON. */
const plainName = /^[\w-]+$/;
const readPath = /^(\/dbs\/[\w-]+\/colls\/[\w-]+\/docs\/)([\w-]+)$/;

/**
 * Takes a request of the SDK for a sample, if it is the read of a document, and {@link fieldsOf} makes the very same fields of
 * it. A field that is not known, such as a session token, could be about this read only.
 */
export function sampleOf(
  { method, url, headers }: Pick<PipelineRequest, "method" | "url" | "headers">,
  sign: Sign | undefined,
): SampleRead | undefined {
  const { protocol, hostname, port, path } = urlToHttpOptions(new URL(url));
  const [, folder, id] = readPath.exec(path ?? "") ?? [];
  if (method !== "GET" || folder === undefined || id === undefined) return undefined;
  const sample: SampleRead = { endpoint: { protocol, hostname, port }, folder, fields: headers.toJSON() };
  const again = fieldsOf(sample, id, sign);
  const isSame = Object.entries(sample.fields).every(([name, value]) => knownFields.has(name) && again[name] === value);
  return isSame ? sample : undefined;
}

/** The fields with which the SDK would read this document. */
export function fieldsOf(
  { folder, fields }: SampleRead,
  id: string,
  sign: Sign | undefined,
): Readonly<Record<string, string>> {
  const partitionKey = { [partitionKeyField]: JSON.stringify([id]) };
  if (sign === undefined) return { ...fields, ...partitionKey };
  return { ...fields, ...partitionKey, authorization: sign(folder.slice(1) + id, fields["x-ms-date"] ?? "") };
}

export function isPlainName(text: string): boolean {
  return plainName.test(text);
}

/** Azure Cosmos DB REST API, "Access control": the signature of a read of a document. */
export function signatureOf(accountKey: string): Sign {
  const key = createSecretKey(Buffer.from(accountKey, "base64"));
  return (link, date) => {
    const text = `get\ndocs\n${link}\n${date.toLowerCase()}\n\n`;
    const signature = createHmac("sha256", key).update(text).digest("base64");
    return encodeURIComponent(`type=master&ver=1.0&sig=${signature}`);
  };
}

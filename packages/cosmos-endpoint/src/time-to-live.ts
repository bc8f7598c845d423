import { badRequest } from "./responses.ts";

const NEVER = -1;
const MAX_SECONDS = 2 ** 31 - 1;

/**
 * Checks a container's `defaultTtl` or a document's `ttl`: whole seconds from 1, or -1 for never. Absent is allowed, but
 * null and 0 are refused as Azure Cosmos DB refuses them.
 * @throws CosmosError 400
 */
export function checkedTimeToLive(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const isValid =
    typeof value === "number" && Number.isInteger(value) && value >= NEVER && value !== 0 && value <= MAX_SECONDS;
  if (!isValid) {
    throw badRequest(`A time to live is a whole number of seconds from 1 to ${MAX_SECONDS}, or -1 for never.`);
  }
  return value;
}

/**
 * When a document written at `timestamp` expires, in seconds since the epoch, or undefined for never. Without a time to
 * live on the container nothing expires, whatever the document says.
 */
export function expiryOf(timestamp: number, defaultTtl: number | undefined, ttl: number | undefined) {
  if (defaultTtl === undefined) return undefined;
  const seconds = ttl ?? defaultTtl;
  return seconds === NEVER ? undefined : timestamp + seconds;
}

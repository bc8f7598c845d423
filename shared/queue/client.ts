import type { TokenCredential } from "@azure/identity";
import { QueueServiceClient } from "@azure/storage-queue";

/*
 * Import this module dynamically: the build makes a file of its own of it, which is loaded only when a message has to be
 * written or read. A cold start does not pay for the client library.
 */

/** The caller decides what is repeated, within the time that it has. */
const options = { retryOptions: { maxTries: 1 } };

/** @throws {Error} if the connection string is not one of a storage account */
export function connectByString(connectionString: string): QueueServiceClient {
  return QueueServiceClient.fromConnectionString(connectionString, options);
}

/** @param serviceUri for example https://account.queue.core.windows.net */
export function connectByIdentity(serviceUri: string, credential: TokenCredential): QueueServiceClient {
  return new QueueServiceClient(serviceUri, credential, options);
}

import type { TokenCredential } from "@azure/identity";
import type { QueueServiceClient } from "@azure/storage-queue";
import type { QueueConnection } from "../../../shared/configuration/sign-out.ts";
import { hostSettings } from "../../../shared/configuration/host-settings.ts";
import { signOutQueueName } from "../../../shared/app/app.ts";
import { failed, notChecked, ok, warning, type Finding } from "../finding.ts";
import { reasonOf } from "../request.ts";

const name = "Queue storage";
const timeoutMs = 10_000;
const toDo = `Check ${hostSettings.storage.name}: without it, sign-outs are lost when the store fails`;

/** Whether the queue of waiting sign-outs can be reached, and whether any have been given up. */
export async function checkQueue(
  connection: QueueConnection | undefined,
  signIn: () => Promise<TokenCredential>,
): Promise<Finding> {
  const { storage, queueServiceUri } = hostSettings;
  if (connection === undefined) {
    return failed(
      name,
      `${storage.name} and ${queueServiceUri.name} are missing`,
      "The host and the app need one of them",
    );
  }
  const byIdentity = connection.kind === "identity";
  try {
    const { QueueServiceClient } = await import("@azure/storage-queue");
    // One attempt: an operator is waiting.
    const options = { retryOptions: { maxTries: 1 } };
    const service = byIdentity
      ? new QueueServiceClient(connection.serviceUri, await signIn(), options)
      : QueueServiceClient.fromConnectionString(connection.connectionString, options);
    return await look(service);
  } catch (error) {
    return failureOf(error, byIdentity);
  }
}

async function look(service: QueueServiceClient): Promise<Finding> {
  await countOf(service, signOutQueueName);
  const abandoned = await countOf(service, `${signOutQueueName}-poison`);
  if (abandoned === 0) return ok(name, `the queue ${signOutQueueName} can be reached`);
  const found = `${abandoned} sign-out${abandoned === 1 ? "" : "s"} given up, in ${signOutQueueName}-poison`;
  return warning(name, found, "See docs/operations.md");
}

/** The number of messages in a queue. A missing queue is created when it is needed, and has none until then. */
async function countOf(service: QueueServiceClient, queue: string): Promise<number> {
  try {
    const client = service.getQueueClient(queue);
    const properties = await client.getProperties({ abortSignal: AbortSignal.timeout(timeoutMs) });
    return properties.approximateMessagesCount ?? 0;
  } catch (error) {
    if (statusOf(error) === 404) return 0;
    throw error;
  }
}

function failureOf(error: unknown, byIdentity: boolean): Finding {
  const status = statusOf(error);
  if (byIdentity && (status === 401 || status === 403)) {
    return notChecked(
      name,
      "your own sign-in may not read queues there; the app's identity needs Storage Queue Data Contributor",
    );
  }
  if (status === 401 || status === 403) return failed(name, `the account key is refused (${status})`, toDo);
  if (isCredentialError(error)) return notChecked(name, "you are not signed in to Azure: az login");
  return failed(name, `cannot be reached: ${status ?? reasonOf(error)}`, toDo);
}

function isCredentialError(error: unknown): boolean {
  return (
    error instanceof Error && /^(CredentialUnavailable|AggregateAuthentication|Authentication)Error$/.test(error.name)
  );
}

function statusOf(error: unknown): number | undefined {
  const status = typeof error === "object" && error !== null && "statusCode" in error ? error.statusCode : undefined;
  return typeof status === "number" ? status : undefined;
}

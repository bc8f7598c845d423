import { output } from "@azure/functions";

/** Where sign-outs wait that the store could not take. The storage account is the one that every function app has. */
export const signOutQueueName = "sign-outs";
export const signOutQueueConnection = "AzureWebJobsStorage";

/** Written by the Functions host after the handler: a message that cannot be stored fails the whole request. */
export const signOutQueue = output.storageQueue({
  queueName: signOutQueueName,
  connection: signOutQueueConnection,
});

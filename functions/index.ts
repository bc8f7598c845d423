import { app as functions, type HttpHandler } from "@azure/functions";
import { createApp } from "../shared/app.ts";
import { ConfigurationError, loadConfiguration } from "../shared/config.ts";
import { httpHandler, type FunctionDefinition } from "../shared/http/handler.ts";
import { signOutQueue, signOutQueueConnection, signOutQueueName } from "../shared/sign-out/queue.ts";
import * as definitions from "./definitions.ts";
import { finishSignOut } from "./finish-sign-out.ts";
import { recordTelemetry } from "./telemetry.ts";
import { misconfigured } from "./misconfigured.ts";

const handlerOf = handlers();
for (const definition of Object.values<FunctionDefinition>(definitions)) {
  functions.http(definition.name, {
    route: definition.route,
    methods: [...definition.methods],
    // Not "function": the host would take the callback's `code` for a function key.
    authLevel: definition.authLevel ?? "anonymous",
    ...(definition.signsOut && { extraOutputs: [signOutQueue] }),
    handler: handlerOf(definition),
  });
}

/**
 * With a broken configuration every route but `/healthz` says so, instead of the host having no functions at all, and
 * nothing reads the queue: what waits there must not use up its attempts.
 */
function handlers(): (definition: FunctionDefinition) => HttpHandler {
  try {
    const app = createApp(loadConfiguration(process.env));
    functions.storageQueue("finish-sign-out", {
      queueName: signOutQueueName,
      connection: signOutQueueConnection,
      handler: finishSignOut(app, process.env),
    });
    recordTelemetry(process.env, undefined);
    return (definition) => httpHandler(definition, app);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    recordTelemetry(process.env, error);
    return misconfigured(error);
  }
}

import { app as functions, type HttpHandler } from "@azure/functions";
import { createApp } from "../shared/app/app.ts";
import { ConfigurationError, loadConfiguration } from "../shared/configuration/configuration.ts";
import { httpHandler, type FunctionDefinition } from "../shared/pipeline/handler.ts";
import * as definitions from "./definitions.ts";
import { waitingSignOuts } from "./finish-sign-outs.ts";
import { recordTelemetry } from "./telemetry.ts";
import { misconfigured } from "./misconfigured.ts";

const handlerOf = handlers();
for (const definition of Object.values<FunctionDefinition>(definitions)) {
  functions.http(definition.name, {
    route: definition.route,
    methods: [...definition.methods],
    // Not "function": the host would take the callback's `code` for a function key.
    authLevel: definition.authLevel ?? "anonymous",
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
    const { defer, onTimer, stop } = waitingSignOuts(app);
    const { queue, finishSchedule: schedule } = app.configuration.signOut;
    // The next time is never far away: no reason to keep the last one in blob storage.
    if (queue) functions.timer("finish-sign-outs", { schedule, useMonitor: false, handler: onTimer });
    functions.hook.appTerminate(stop);
    recordTelemetry(process.env, app.configuration.telemetry.sampledPercentage, undefined);
    return (definition) => httpHandler(definition, app, defer);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    recordTelemetry(process.env, 100, error);
    return misconfigured(error);
  }
}

import { registerHooks } from "node:module";

/**
 * Azurite's Queue service, in the child process that `queue-storage.ts` starts. Its command-line options are Azurite's
 * own. It ends when its parent ends, however that happens.
 */
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));

// Telemetry is off, and loading what would send it is three quarters of the start.
const telemetry = "applicationinsights";
const nothing = "azurite:no-telemetry";
registerHooks({
  resolve: (name, context, next) => (name === telemetry ? { url: nothing, shortCircuit: true } : next(name, context)),
  load(url, context, next) {
    return url === nothing ? { format: "commonjs", source: "", shortCircuit: true } : next(url, context);
  },
});

// @ts-expect-error: the package has no types.
await import("azurite/dist/src/queue/main.js");

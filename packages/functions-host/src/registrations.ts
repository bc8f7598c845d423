import { createLog } from "./log.ts";
import { createWorkerApp } from "./worker/app.ts";
import type { FunctionMetadata } from "./worker/core-types.ts";
import { loadApp } from "./worker/loader.ts";

export type { FunctionMetadata } from "./worker/core-types.ts";

/**
 * The functions that an app registers, with their triggers and bindings, without running a host. The app is loaded into
 * this process, and its start hooks run.
 * @param appFolder holds package.json and the files that its `main` names
 * @throws {StartError} for an app that cannot be loaded or registers nothing
 */
export async function readRegistrations(appFolder: string): Promise<readonly FunctionMetadata[]> {
  const app = createWorkerApp(createLog({ default: "none" }, () => undefined));
  await loadApp(appFolder, app);
  return [...app.functions.values()].map(({ metadata }) => metadata);
}

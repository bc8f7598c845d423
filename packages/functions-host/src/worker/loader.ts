import { glob } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { readJsonFile } from "../json-file.ts";
import { StartError } from "../start-error.ts";
import { runHooks, withReadOnly, type WorkerApp } from "./app.ts";
import { createCoreModule, provideCoreModule } from "./core-module.ts";
import { describeError } from "./errors.ts";

/**
 * Loads the app's entry files (package.json `main`, which may be a glob) and runs its start hooks, as the worker does.
 * @throws {StartError} when a file cannot be loaded, a hook throws or nothing is registered.
 */
export async function loadApp(appFolder: string, app: WorkerApp): Promise<void> {
  const manifest = await readManifest(appFolder);
  const files = await findEntryFiles(appFolder, manifest.main);
  provideCoreModule(createCoreModule(app));
  for (const file of files) loadEntryFile(appFolder, file, manifest.type);
  await runStartHooks(appFolder, app);
  app.locked = true;
  if (app.programmingModel === undefined || app.functions.size === 0) {
    throw new StartError(`${manifest.main}: registers no functions`);
  }
}

/** Runs the app's terminate hooks. */
export async function terminateApp(app: WorkerApp): Promise<void> {
  await runHooks(app, "appTerminate", appLevelContext(app));
}

interface Manifest {
  readonly main: string;
  readonly type: string | undefined;
}

async function readManifest(appFolder: string): Promise<Manifest> {
  const manifest = await readJsonFile(join(appFolder, "package.json"), "package.json");
  if (manifest === undefined) throw new StartError(`package.json: not found in ${appFolder}`);
  const { main, type } = manifest;
  if (typeof main !== "string" || main === "") throw new StartError('package.json: "main" must name the entry file');
  return { main, type: typeof type === "string" ? type : undefined };
}

async function findEntryFiles(appFolder: string, main: string): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob(main, { cwd: appFolder })) files.push(join(appFolder, file));
  if (files.length === 0) throw new StartError(`package.json: "main" matches no file: ${main}`);
  return files.sort();
}

function loadEntryFile(appFolder: string, file: string, packageType: string | undefined): void {
  const name = relative(appFolder, file);
  if (!file.endsWith(".cjs") && (packageType === "module" || !file.endsWith(".js"))) {
    throw new StartError(`${name}: only CommonJS entry files are supported by the local functions host`);
  }
  const require = createRequire(file);
  try {
    // If a host starts again in the same process, the app must register again.
    delete require.cache[require.resolve(file)];
    require(file);
  } catch (error) {
    throw new StartError(`${name}: could not be loaded: ${describeError(error)}`);
  }
}

async function runStartHooks(appFolder: string, app: WorkerApp): Promise<void> {
  try {
    await runHooks(app, "appStart", Object.assign(appLevelContext(app), { functionAppDirectory: appFolder }));
  } catch (error) {
    throw new StartError(`an app start hook failed: ${describeError(error)}`);
  }
}

function appLevelContext(app: WorkerApp): object {
  return withReadOnly({}, { hookData: app.appLevelHookData, appHookData: app.appHookData });
}

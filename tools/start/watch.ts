import { existsSync, watch, type FSWatcher } from "node:fs";
import { join } from "node:path";
import { context, type BuildOptions } from "esbuild";
import type { AppInstance } from "@entra-functions-bff/functions-host/instance";
import { typeChecker } from "./check-types.ts";
import { startDevServer } from "./dev-server.ts";

export interface WatchOptions {
  readonly bundle: BuildOptions;
  /** Folders with the app's source and its front end. Those that do not exist are left out. */
  readonly folders: readonly string[];
  /** Where browsers look for the app. */
  readonly port: number;
  /** Starts the bundle as it is now, on any other port. */
  readonly start: () => Promise<AppInstance>;
  /** Gets what a person wants to know: what has changed, and what is wrong. */
  readonly print: (text: string) => void;
  readonly colour: boolean;
  /** Called whenever the app has started. @returns what is wrong with its settings */
  readonly troubleWith: (instance: AppInstance) => Promise<string | undefined>;
}

/** The app, rebuilt and started anew whenever its source changes. */
export interface WatchedApp {
  /** What is wrong with the settings that it started with. */
  readonly trouble: string | undefined;
  stop(): Promise<void>;
}

/** Editors write a file in several steps. */
const settleMs = 30;

/**
 * Starts the app, and on every change below `folders` builds and starts it again, has open pages load again, and checks types.
 * The next app is there before the last one ends, so no request meets a closed door. After a failed build or start, the app
 * goes on as it was.
 */
export async function watchApp(options: WatchOptions): Promise<WatchedApp> {
  const { bundle, port, start, print, colour, troubleWith } = options;
  const [builder, server] = await Promise.all([
    context({ ...bundle, minify: false, logLevel: "silent" }),
    startDevServer(port),
  ]);
  const types = typeChecker(print, colour);
  let instance: AppInstance | undefined;
  let due: ReturnType<typeof setTimeout> | undefined;
  let work: Promise<void> = Promise.resolve();
  let changed = "";

  const startNext = async () => {
    const last = instance;
    instance = await start();
    server.leadTo(instance.url);
    server.reload();
    await last?.stop();
    return troubleWith(instance);
  };
  const afterChange = async () => {
    const startedAt = performance.now();
    const file = changed;
    changed = "";
    try {
      await builder.rebuild();
      const trouble = await startNext();
      print(trouble ?? `${file} changed: ready in ${Math.round(performance.now() - startedAt)} ms`);
    } catch (error) {
      print(error instanceof Error ? error.message : String(error));
    }
    // Not earlier: the compiler would compete with the app for the processor.
    types.check();
  };
  const onChange = (file: string) => {
    // Some editors write another file, and then rename it.
    if (changed === "" || existsSync(file)) changed = file;
    clearTimeout(due);
    due = setTimeout(() => {
      work = work.then(afterChange);
    }, settleMs);
  };
  const watchers = options.folders
    .filter((folder) => existsSync(folder))
    .map((folder) => watchFolder(folder, onChange));

  const trouble = await startNext();
  types.check();
  return {
    trouble,
    async stop() {
      for (const watcher of watchers) watcher.close();
      clearTimeout(due);
      types.stop();
      await work;
      await Promise.all([instance?.stop(), builder.dispose(), server.stop()]);
    },
  };
}

/** @param onChange gets the path of a file that has changed; not those that an editor makes for itself */
function watchFolder(folder: string, onChange: (file: string) => void): FSWatcher {
  return watch(folder, { recursive: true }, (_event, name) => {
    if (name !== null && !/(?:^|[\\/])[.#][^\\/]*$|~$/.test(name)) onChange(join(folder, name));
  });
}

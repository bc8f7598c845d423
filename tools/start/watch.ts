import { watch } from "node:fs";
import { context, type BuildOptions } from "esbuild";
import type { AppInstance } from "@entra-functions-bff/functions-host/instance";

/** The app, rebuilt and restarted whenever its source changes. */
export interface WatchedApp {
  stop(): Promise<void>;
}

/** Editors write a file in several steps. */
const settleMs = 30;

/**
 * Builds the bundle and starts the app, and does both again on every change below `folders`. After a failed build, the
 * app keeps running as it was; after a failed start, the next change tries again.
 * @param print gets a line on every restart and every failure
 */
export async function watchApp(
  { bundle, folders }: { readonly bundle: BuildOptions; readonly folders: readonly string[] },
  start: () => Promise<AppInstance>,
  print: (line: string) => void,
): Promise<WatchedApp> {
  const builder = await context({ ...bundle, logLevel: "silent" });
  let instance: AppInstance | undefined = await start();
  let due: ReturnType<typeof setTimeout> | undefined;
  let work: Promise<void> = Promise.resolve();

  const rebuild = async () => {
    const startedAt = performance.now();
    try {
      await builder.rebuild();
      await instance?.stop();
      instance = undefined;
      instance = await start();
      print(`restarted in ${Math.round(performance.now() - startedAt)} ms`);
    } catch (error) {
      print(error instanceof Error ? error.message : String(error));
    }
  };
  const onChange = () => {
    clearTimeout(due);
    due = setTimeout(() => {
      work = work.then(rebuild);
    }, settleMs);
  };
  const watchers = folders.map((folder) => watch(folder, { recursive: true }, onChange));

  return {
    async stop() {
      for (const watcher of watchers) watcher.close();
      clearTimeout(due);
      await work;
      await Promise.all([instance?.stop(), builder.dispose()]);
    },
  };
}

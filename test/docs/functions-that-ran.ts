import { Session } from "node:inspector/promises";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(import.meta.dirname, "../..");

export interface Coverage {
  /** Files of `functions/` and `shared/` with a function that was called since the last time, below the project's root. */
  take(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** V8's own count of calls, of everything in this process. */
export async function startCoverage(): Promise<Coverage> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  return {
    async take() {
      const { result } = await session.post("Profiler.takePreciseCoverage");
      // Loading a module counts as a call of the function that is the whole file, which has no name and begins it.
      const ran = result.filter(({ functions }) =>
        functions.some(({ functionName, ranges: [range] }) => {
          return range !== undefined && range.count > 0 && (functionName !== "" || range.startOffset > 0);
        }),
      );
      return ran
        .flatMap(({ url }) => (url.startsWith("file:") ? [relative(root, fileURLToPath(url))] : []))
        .map((path) => path.replaceAll("\\", "/"))
        .filter((path) => /^(functions|shared)\//.test(path));
    },
    async stop() {
      await session.post("Profiler.stopPreciseCoverage");
      session.disconnect();
    },
  };
}

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
    }[];
  }[];
}

/** Whether a process that ran with the environment variable `NODE_V8_COVERAGE` has loaded the file `script`. */
export async function wasLoaded(coverageFolder: string, script: string): Promise<boolean> {
  return (await scriptsIn(coverageFolder)).some(({ url }) => url.endsWith(script));
}

async function scriptsIn(coverageFolder: string): Promise<Coverage["result"]> {
  const files = await readdir(coverageFolder);
  const texts = await Promise.all(files.map((file) => readFile(join(coverageFolder, file), "utf8")));
  return texts.flatMap((json) => (JSON.parse(json) as Coverage).result);
}

/**
 * Whether the place in `script` where `text` stands has been executed, by what a process left that ran with the
 * environment variable `NODE_V8_COVERAGE`.
 * @param script path of the file, in which `text` stands once
 */
export async function wasExecuted(coverageFolder: string, script: string, text: string): Promise<boolean> {
  const source = await readFile(script, "utf8");
  const [before = "", ...after] = source.split(text);
  if (after.length !== 1) throw new Error(`The text stands in ${script} ${after.length} times`);
  const offset = before.length;
  const ranges = (await scriptsIn(coverageFolder))
    .filter(({ url }) => url.endsWith(script))
    .flatMap(({ functions }) => functions.flatMap((one) => one.ranges));
  if (ranges.length === 0) throw new Error(`Nothing is known of ${script}`);
  const [innermost] = ranges
    .filter(({ startOffset, endOffset }) => startOffset <= offset && offset < endOffset)
    .sort((one, other) => one.endOffset - one.startOffset - (other.endOffset - other.startOffset));
  return (innermost?.count ?? 0) > 0;
}

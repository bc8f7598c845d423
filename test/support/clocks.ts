import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { preloaded } from "./compile-cache.ts";

const preload = pathToFileURL(fileURLToPath(new URL("shifted-date.ts", import.meta.url))).href;

/** Environment of an instance whose clock is off. */
export function clockOffBy(shiftMs: number): Readonly<Record<string, string>> {
  const options = [preloaded, "--disable-warning=ExperimentalWarning", `--import=${preload}`];
  return { NODE_OPTIONS: options.join(" "), CLOCK_SHIFT_MS: String(shiftMs) };
}

/** As far apart as two times may seem to be that instances have learnt from a store on this machine. */
const doubtMs = 3_400;

/** What begins after this begins later than what was before it, as every instance sees it. */
export async function letDoubtPass(): Promise<void> {
  await delay(doubtMs);
}

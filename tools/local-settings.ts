import { readFile } from "node:fs/promises";

/** `Values` of `local.settings.json`, as the func CLI reads them; empty if there is no such file. */
export async function readLocalSettings(file: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return {};
  const parsed = JSON.parse(text) as { Values?: Record<string, string> };
  return parsed.Values ?? {};
}

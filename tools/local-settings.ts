import { readFile } from "node:fs/promises";

/** A file that holds no settings, or not as it should. */
export class SettingsFileError extends Error {}

/**
 * The settings in a file: `Values` of `local.settings.json`, as the func CLI reads them, or the list that
 * `az functionapp config appsettings list` prints. Empty if there is no such file.
 * @throws {SettingsFileError}
 */
export async function readLocalSettings(file: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return {};
  const values = Object.entries(valuesOf(parse(text, file)));
  const [wrong] = values.find(([, value]) => typeof value !== "string") ?? [];
  if (wrong !== undefined) throw new SettingsFileError(`${file}: the value of ${wrong} must be text`);
  return Object.fromEntries(values) as Record<string, string>;
}

function parse(text: string, file: string): Readonly<Record<string, unknown>> | readonly Listed[] {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) return parsed as ReturnType<typeof parse>;
  } catch {
    // Reported below, like JSON that is not an object.
  }
  throw new SettingsFileError(`${file} is not a settings file: {"Values": {"<name>": "<value>"}}`);
}

function valuesOf(parsed: ReturnType<typeof parse>): object {
  if (isList(parsed)) return Object.fromEntries(parsed.map(({ name, value }) => [name, value]));
  // The func CLI does not look at the case either.
  const [, values] = Object.entries(parsed).find(([name]) => name.toLowerCase() === "values") ?? [];
  return typeof values === "object" && values !== null ? values : {};
}

function isList(parsed: ReturnType<typeof parse>): parsed is readonly Listed[] {
  return Array.isArray(parsed);
}

interface Listed {
  readonly name: string;
  readonly value: unknown;
}

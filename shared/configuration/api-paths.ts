import type { SettingsReader } from "./settings-reader.ts";
import type { Setting } from "./setting.ts";

/** @returns an expression for each pattern that the setting names, to be matched by a path without a leading slash */
export function readPaths(read: SettingsReader, setting: Setting): readonly RegExp[] | undefined {
  const patterns = read
    .optional(setting)
    ?.split(/\s+/)
    .map((pattern) => pattern.replace(/^\//, ""));
  // `**` stands for the rest of a path. A query or a fragment is not part of a path.
  if (patterns?.some((pattern) => /\*\*(?!$)|[^/]\*\*|[?#\\]/.test(pattern)) === true) read.fail(setting);
  return patterns?.map(expressionOf);
}

/** Case and encoding count: another spelling of an allowed path is refused, even if a server takes it for the same. */
function expressionOf(pattern: string): RegExp {
  const isPrefix = /(?:^|\/)\*\*$/.test(pattern);
  const fixed = pattern
    .replace(/\/?\*\*$/, "")
    .split("*")
    .map(literal)
    .join("[^/]+");
  const rest = fixed === "" ? ".*" : "(?:/.*)?";
  return new RegExp(`^${fixed}${isPrefix ? rest : ""}$`);
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

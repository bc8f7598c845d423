import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { ProblemError, MethodNotAllowedError } from "../core/errors.ts";

/**
 * Refuses what browsers may not call, as the API's settings say.
 * @param target below the API's base URL
 * @throws {MethodNotAllowedError} for a method that the settings do not name
 * @throws {ProblemError} `api_path_not_allowed`
 */
export function refuseUnallowed(api: DownstreamApiConfiguration, method: string, target: URL): void {
  if (!api.methods.includes(method)) throw new MethodNotAllowedError(api.methods);
  const path = target.pathname.slice(new URL(`${api.baseUrl}/`).pathname.length);
  if (api.paths && !api.paths.some((pattern) => matcherOf(pattern).test(path))) {
    throw new ProblemError("api_path_not_allowed", "This path of the API is not for browsers.");
  }
}

/** One for each pattern in the settings. */
const matchers = new Map<string, RegExp>();

/** Case and encoding count: another spelling of an allowed path is refused, even if a server takes it for the same. */
function matcherOf(pattern: string): RegExp {
  const known = matchers.get(pattern);
  if (known) return known;
  const isPrefix = /(?:^|\/)\*\*$/.test(pattern);
  const fixed = pattern
    .replace(/\/?\*\*$/, "")
    .split("*")
    .map(literal)
    .join("[^/]+");
  const rest = fixed === "" ? ".*" : "(?:/.*)?";
  const matcher = new RegExp(`^${fixed}${isPrefix ? rest : ""}$`);
  matchers.set(pattern, matcher);
  return matcher;
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

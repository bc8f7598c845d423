import type { App } from "../app/app.ts";
import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import type { Telemetry } from "../telemetry/log.ts";

/** Bounded by the settings: scopes of the configured APIs. */
const told = new WeakMap<App["warnings"], Set<string>>();

/** Tells the operator, once per start and scope, that the identity provider did not grant it to somebody. */
export function warnOfMissingScopes(
  { warnings }: Pick<App, "warnings">,
  api: DownstreamApiConfiguration,
  missing: readonly string[],
  telemetry: Telemetry,
): void {
  const known = told.get(warnings) ?? new Set();
  told.set(warnings, known);
  for (const scope of missing.filter((each) => !known.has(`${api.name} ${each}`))) {
    known.add(`${api.name} ${scope}`);
    warnings.add("scope_missing");
    telemetry.warn("scope_missing", { api: api.name, scope });
  }
}

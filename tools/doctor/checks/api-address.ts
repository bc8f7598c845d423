import { cloudOfGraph } from "../../../shared/configuration/clouds.ts";
import type { DownstreamApiConfiguration } from "../../../shared/configuration/downstream-api.ts";
import { resourcesOf } from "../../../shared/configuration/scopes.ts";
import { isLoopback } from "../../../shared/configuration/settings-reader.ts";
import { failed, ok, warning, type Finding } from "../finding.ts";
import { get } from "../request.ts";

export type ApiAddress = Pick<DownstreamApiConfiguration, "name" | "baseUrl" | "scopes" | "appScope">;

/** Whether an API answers where its settings say, and whether that is the API that its tokens are for. */
export async function checkAddress(api: ApiAddress): Promise<Finding> {
  const label = `API ${api.name}: address`;
  const mistake = mistakeOf(api);
  const setting = `DownstreamApis__${api.name}__BaseUrl`;
  if (mistake !== undefined) return failed(label, mistake, `Correct ${setting} or DownstreamApis__${api.name}__Scopes`);
  const { host } = new URL(api.baseUrl);
  try {
    await get(api.baseUrl);
    return ok(label, `${host} answers`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown";
    if (reason === "ENOTFOUND") {
      return failed(label, `there is no host ${host}`, `Correct ${setting}; or run this where the app's network is`);
    }
    return warning(
      label,
      `${host} does not answer here: ${reason}`,
      `Correct ${setting}, if the app cannot reach it either`,
    );
  }
}

/** A token for Microsoft Graph gives whoever gets it the person's data there, and Graph takes no other. */
function mistakeOf({ baseUrl, scopes, appScope }: ApiAddress): string | undefined {
  const { origin, host, hostname } = new URL(baseUrl);
  const asked = appScope === undefined ? scopes : [appScope];
  if (asked.length === 0 || isLoopback(hostname)) return undefined;
  const isForGraph = resourcesOf(asked).includes("graph");
  const isGraph = cloudOfGraph(origin) !== undefined;
  if (isForGraph && !isGraph) return `tokens for Microsoft Graph would go to ${host}`;
  return isGraph && !isForGraph ? `Microsoft Graph at ${host} refuses tokens for ${asked.join(" ")}` : undefined;
}

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ApiStandIn, ApiStandIns } from "@entra-functions-bff/development";

/** Where an app keeps stand-ins for its own APIs: each exported function stands in for the API of the same name. */
export const apiStandInsFile = "local/apis.ts";

/** @throws {Error} if something else is exported */
export async function apiStandIns(file = apiStandInsFile): Promise<ApiStandIns> {
  if (!existsSync(file)) return {};
  const exported = (await import(pathToFileURL(resolve(file)).href)) as Readonly<Record<string, unknown>>;
  const other = Object.entries(exported).find(([, value]) => typeof value !== "function");
  if (other) throw new Error(`${file} exports "${other[0]}", which is not a function that answers requests for an API`);
  return exported as Readonly<Record<string, ApiStandIn>>;
}

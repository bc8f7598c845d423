import { createHash } from "node:crypto";
import { AppRegistrationError } from "./errors.ts";
import { type GraphClient, literal } from "./graph-client.ts";
import { type Application, applicationProperties } from "./graph-types.ts";
import type { Options } from "./options.ts";
import { baseUrlOfRoute } from "./plan-application.ts";

/**
 * The key by which a registration is found again: readable, and different for every name. It is set when the
 * registration is created, and stays the same when the display name changes.
 */
export function uniqueNameOf(name: string): string {
  const readable = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "")
    .slice(0, 60);
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return [readable, digest].filter(Boolean).join("-");
}

/**
 * The registration to update, or undefined if there is none yet. A display name alone is never enough, because anyone
 * in the tenant can register an app with any name.
 * @throws {AppRegistrationError}
 */
export async function findApplication(graph: GraphClient, options: Options): Promise<Application | undefined> {
  const { clientId, name = "", baseUrl } = options;
  if (clientId !== undefined) {
    const application = await readApplication(graph, `appId=${literal(clientId)}`);
    if (application === undefined) throw notFound(clientId);
    return application;
  }
  const application = (await readByUniqueName(graph, name)) ?? (await findByDisplayName(graph, name));
  if (application !== undefined) checkIsForThisApp(application, baseUrl);
  return application;
}

export async function readByUniqueName(graph: GraphClient, name: string): Promise<Application | undefined> {
  return readApplication(graph, `uniqueName=${literal(uniqueNameOf(name))}`);
}

async function readApplication(graph: GraphClient, key: string): Promise<Application | undefined> {
  return graph.read("read the app registration", `/applications(${key})?$select=${applicationProperties}`);
}

async function findByDisplayName(graph: GraphClient, name: string): Promise<Application | undefined> {
  const query = `$filter=${encodeURIComponent("displayName eq ")}${literal(name)}&$select=${applicationProperties}`;
  const matches = await graph.list<Application>("look for app registrations", `/applications?${query}`);
  const own = matches.find(({ uniqueName }) => uniqueName === uniqueNameOf(name));
  if (own !== undefined || matches.length === 0) return own;
  const list = matches.map(({ appId, displayName }) => `  ${appId}  ${displayName}`).join("\n");
  const message =
    `There is already a registration named "${name}" that this tool did not create:\n${list}\n` +
    `Give --client-id to update one of these, or another --name.`;
  throw new AppRegistrationError("name_taken", message);
}

/**
 * A registration has only one Logout URL. Taking it from another deployment would silently break that deployment's
 * global sign-out.
 */
function checkIsForThisApp({ appId, web }: Application, baseUrl: string): void {
  const registered = web.logoutUrl ? baseUrlOfRoute(web.logoutUrl) : undefined;
  if (registered === undefined || registered === baseUrl || baseUrl.startsWith("http:")) return;
  const message =
    `The registration with this name is for ${registered}, and a registration has only one Logout URL.\n` +
    `If the app has moved to ${baseUrl}, give --client-id ${appId}. For another deployment, give another --name.`;
  throw new AppRegistrationError("base_url_differs", message);
}

function notFound(clientId: string): AppRegistrationError {
  const message =
    `There is no app registration with the client id ${clientId} in this tenant.\n` +
    `Check the id, and --tenant-id if the registration is in another tenant.`;
  return new AppRegistrationError("application_not_found", message);
}

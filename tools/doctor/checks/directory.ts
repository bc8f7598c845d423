import { AppRegistrationError } from "../../app-registration/errors.ts";
import { literal, type GraphClient } from "../../app-registration/graph-client.ts";
import type { AppRoleAssignment, ServicePrincipal } from "../../app-registration/graph-types.ts";
import { failed, notChecked, ok, type Finding } from "../finding.ts";

const name = "Directory";

/** The application permission `User.Read.All` of Microsoft Graph. It has the same id in every tenant and cloud. */
const readAllUsers = "df021288-bdef-4463-88db-98f22de89214";

/**
 * Whether the app may read the directory that is to end sessions.
 * @param clientId of the managed identity or, without one, of the registration: who asks Microsoft Graph
 */
export async function checkDirectory(graph: GraphClient, clientId: string): Promise<Finding> {
  try {
    const path = `/servicePrincipals(appId=${literal(clientId)})?$select=id,appId,displayName`;
    const principal = await graph.read<ServicePrincipal>("read the service principal", path);
    if (!principal) return failed(name, `${clientId} has no service principal in this tenant`, "Correct the client id");
    const assigned = `/servicePrincipals/${principal.id}/appRoleAssignments`;
    const isGranted = (found: readonly AppRoleAssignment[]) =>
      found.some(({ appRoleId }) => appRoleId === readAllUsers);
    const found = await graph.list<AppRoleAssignment>("read its permissions", assigned, isGranted);
    if (isGranted(found)) return ok(name, `"${principal.displayName}" may read all users`);
    const toDo =
      "An administrator gives it the application permission User.Read.All of Microsoft Graph: docs/directory.md";
    return failed(name, `"${principal.displayName}" may not read the directory, so that it ends no sessions`, toDo);
  } catch (error) {
    if (!(error instanceof AppRegistrationError)) throw error;
    return notChecked(name, error.message);
  }
}

import type { Cloud } from "../../../shared/configuration/clouds.ts";
import { AppRegistrationError } from "../../app-registration/errors.ts";
import { adminConsentUrl } from "../../app-registration/consent.ts";
import { literal, type GraphClient } from "../../app-registration/graph-client.ts";
import { principalProperties, type AppPrincipal, type AssignedTo } from "../../app-registration/graph-types.ts";
import { commandFor, landingPageOf } from "../registration-command.ts";
import { failed, notChecked, ok, type Finding } from "../finding.ts";
import { checkScopes, type ApiScopes } from "./api-scopes.ts";

const name = "Service principal";

/** Whose access is checked. */
export interface AccessExpected {
  readonly clientId: string;
  readonly cloud: Cloud;
  readonly baseUrl: string;
  /** Last part of the authority: a tenant, or `organizations`, `common`, `consumers`. */
  readonly tenant: string;
  readonly apis: readonly ApiScopes[];
}

/** Whether people of the operator's tenant can sign in to the app, and the app can call its APIs for them. */
export async function checkAccess(graph: GraphClient, expected: AccessExpected): Promise<readonly Finding[]> {
  const { clientId, cloud, baseUrl, tenant, apis } = expected;
  try {
    const path = `/servicePrincipals(appId=${literal(clientId)})?$select=${principalProperties}`;
    const principal = await graph.read<AppPrincipal>("read the service principal", path);
    const toConsent = `An administrator consents at ${adminConsentUrl(cloud, tenant, clientId, landingPageOf(baseUrl))}`;
    const [findings, scopes] = await Promise.all([
      checkPrincipal(graph, principal, commandFor(expected)),
      checkScopes(graph, principal, apis, toConsent),
    ]);
    return [...findings, ...scopes];
  } catch (error) {
    if (!(error instanceof AppRegistrationError)) throw error;
    return [notChecked(name, error.message)];
  }
}

async function checkPrincipal(
  graph: GraphClient,
  principal: AppPrincipal | undefined,
  command: string,
): Promise<Finding[]> {
  if (!principal) return [failed(name, "there is none in this tenant, so nobody can sign in", `${command} creates it`)];
  return [
    stateOf(principal),
    ...(principal.appRoleAssignmentRequired ? [await checkAssignments(graph, principal)] : []),
  ];
}

function stateOf({ accountEnabled, disabledByMicrosoftStatus: byMicrosoft, displayName }: AppPrincipal): Finding {
  if (byMicrosoft && byMicrosoft !== "NotDisabled") {
    return failed(name, `Microsoft has disabled the app (${byMicrosoft})`, "Ask Microsoft's support why");
  }
  if (accountEnabled) return ok(name, `"${displayName}" is enabled`);
  const toDo = "Under Enterprise applications, Properties, set Enabled for users to sign-in to Yes";
  return failed(name, "sign-in is disabled, so people see AADSTS7000112", toDo);
}

async function checkAssignments(graph: GraphClient, { id }: AppPrincipal): Promise<Finding> {
  const label = "Assignment";
  const path = `/servicePrincipals/${id}/appRoleAssignedTo`;
  const assigned = await graph.list<AssignedTo>("read who is assigned to the app", path, isSomebody);
  if (isSomebody(assigned)) return ok(label, "required, and people or groups are assigned");
  const toDo = "Assign people or groups under Enterprise applications, or set Assignment required to No";
  return failed(label, "is required, but nobody is assigned, so people see AADSTS50105", toDo);
}

/** Services can be assigned, too, but do not sign in. */
function isSomebody(found: readonly AssignedTo[]): boolean {
  return found.some(({ principalType }) => principalType !== "ServicePrincipal");
}

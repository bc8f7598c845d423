import type { DownstreamApiConfiguration } from "../../../shared/configuration/downstream-api.ts";
import { isOfSignIn } from "../../../shared/configuration/scopes.ts";
import { isGrantedTo, readGrants } from "../../app-registration/consent.ts";
import { AppRegistrationError } from "../../app-registration/errors.ts";
import type { GraphClient } from "../../app-registration/graph-client.ts";
import type { AppPrincipal, OAuth2PermissionGrant } from "../../app-registration/graph-types.ts";
import { readResourceOf, resolvePermissions, type Permission } from "../../app-registration/permissions.ts";
import { failed, notChecked, ok, warning, type Finding } from "../finding.ts";

/** An API with the scopes that the app asks for. */
export type ApiScopes = Pick<DownstreamApiConfiguration, "name" | "scopes" | "appScope">;

interface Granted {
  /** Undefined if the operator may not read it. */
  readonly grants: readonly OAuth2PermissionGrant[] | undefined;
  readonly isAssignmentRequired: boolean;
  /** What an administrator does to consent. */
  readonly toConsent: string;
}

/**
 * Whether each API has the scopes that the app asks for, and whether somebody has consented to them.
 * @throws {AppRegistrationError}
 */
export async function checkScopes(
  graph: GraphClient,
  principal: AppPrincipal | undefined,
  apis: readonly ApiScopes[],
  toConsent: string,
): Promise<Finding[]> {
  const grants = principal ? await readGrants(graph, principal.id) : [];
  const granted = { grants, isAssignmentRequired: principal?.appRoleAssignmentRequired ?? false, toConsent };
  const asked = apis.filter(({ scopes, appScope }) => scopes.length > 0 || appScope !== undefined);
  return Promise.all(asked.map(async (api) => checkApi(graph, api, granted)));
}

async function checkApi(graph: GraphClient, api: ApiScopes, granted: Granted): Promise<Finding> {
  const label = `API ${api.name}: scopes`;
  const all = [...api.scopes, ...(api.appScope === undefined ? [] : [api.appScope])].filter(
    (each) => !isOfSignIn(each),
  );
  const [whole, named] = [all.filter(isDefault), all.filter((scope) => !isDefault(scope))];
  try {
    const resources = await Promise.all(whole.map(async (scope) => readResourceOf(graph, scope)));
    const permissions = await resolvePermissions(graph, named);
    if (permissions.length > 0) return verdict(label, permissions, granted);
    return ok(label, `${all.join(" ")} of ${resources.map(({ displayName }) => displayName).join(", ") || "no API"}`);
  } catch (error) {
    if (!(error instanceof AppRegistrationError)) throw error;
    const [found = "", ...advice] = error.message.split("\n");
    if (error.code !== "scope_unknown" && error.code !== "resource_unknown") return notChecked(label, error.message);
    return failed(label, found.replace(/\.$/, ""), `${advice.join(" ")} Correct DownstreamApis__${api.name}__Scopes`);
  }
}

function isDefault(scope: string): boolean {
  return scope.endsWith("/.default");
}

function verdict(label: string, permissions: readonly Permission[], on: Granted): Finding {
  const { grants, toConsent } = on;
  if (grants === undefined) return notChecked(label, "your own sign-in may not read who has consented");
  const lacking = permissions.filter((each) => !isGrantedTo(grants, each, "AllPrincipals"));
  if (lacking.length === 0) return ok(label, `an administrator has consented to ${namesOf(permissions)}`);
  const forAdministrators = on.isAssignmentRequired ? lacking : lacking.filter((each) => each.needsAdministrator);
  if (forAdministrators.length > 0) {
    const why = on.isAssignmentRequired ? ", because assignment is required" : "";
    return failed(label, `an administrator has to consent to ${namesOf(forAdministrators)}${why}`, toConsent);
  }
  if (lacking.every((each) => isGrantedTo(grants, each, "Principal"))) {
    return ok(label, `people have consented to ${namesOf(lacking)}`);
  }
  const found = `nobody has consented to ${namesOf(lacking)}; people are asked, if the tenant lets them consent`;
  return warning(label, found, toConsent);
}

function namesOf(permissions: readonly Permission[]): string {
  return permissions.map(({ resourceName, name }) => `${resourceName} ${name}`).join(", ");
}

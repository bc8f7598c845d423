import { appRoles } from "../../../shared/identity/app-roles.ts";
import type { Application } from "../../app-registration/graph-types.ts";
import { acceptedTokenVersion } from "../../app-registration/plan-support.ts";
import { ok, warning, type Finding } from "../finding.ts";

const name = "Support";

/** Whether services can be let in to manage sessions. An app that has none is not wrong. */
export function checkSupport({ appRoles: roles, api }: Application): Finding {
  const { value } = appRoles.support;
  const role = roles.find((each) => each.value === value && each.isEnabled);
  if (!role) return ok(name, `no service can manage sessions; npm run app-registration adds the app role ${value}`);
  if (!role.allowedMemberTypes.includes("Application")) {
    return warning(name, `the app role ${value} is not for applications`, "Allow them under App roles");
  }
  const version = api.requestedAccessTokenVersion ?? 1;
  if (version === acceptedTokenVersion) return ok(name, `services with the app role ${value} can manage sessions`);
  const found = `access tokens have version ${version}, and the app refuses those of services with the role ${value}`;
  return warning(name, found, `Set requestedAccessTokenVersion to ${acceptedTokenVersion} in the manifest`);
}

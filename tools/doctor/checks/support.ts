import { appRoles } from "../../../shared/identity/app-roles.ts";
import type { Application } from "../../app-registration/graph-types.ts";
import { acceptedTokenVersion } from "../../app-registration/plan-support.ts";
import { ok, warning, type Finding } from "../finding.ts";

const name = "Support";

/** Whether services can be let in to manage sessions. An app that has none is not wrong. */
export function checkSupport({ appRoles: registered, api }: Application): Finding {
  const enabled = registered.filter(({ isEnabled }) => isEnabled);
  const wanted = Object.values(appRoles).map(({ value }) => value);
  const offered = wanted.filter((value) => enabled.some((role) => role.value === value));
  const lacking = wanted.filter((value) => !offered.includes(value)).join(" and ");
  const hint = lacking && `; npm run app-registration adds the app role ${lacking}`;
  if (offered.length === 0) return ok(name, `no service can manage sessions${hint}`);
  const closed = enabled.find(({ value, allowedMemberTypes: who }) => {
    return offered.some((each) => each === value) && !who.includes("Application");
  });
  if (closed) {
    return warning(name, `the app role ${closed.value} is not for applications`, "Allow them under App roles");
  }
  const version = api.requestedAccessTokenVersion ?? 1;
  const roles = offered.join(" or ");
  if (version === acceptedTokenVersion) return ok(name, `services with the app role ${roles} can use it${hint}`);
  const found = `access tokens have version ${version}, and the app refuses those of services with the role ${roles}`;
  return warning(name, found, `Set requestedAccessTokenVersion to ${acceptedTokenVersion} in the manifest`);
}

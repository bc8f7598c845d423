import { settings } from "../../../shared/configuration/settings.ts";
import { failed, ok, warning, type Finding } from "../finding.ts";

const name = "Sign-in audience";
const personalToo = "AzureADandPersonalMicrosoftAccount";

/** The sign-in audiences with which an authority works that names no single tenant. */
const suitable: Readonly<Record<string, readonly string[]>> = {
  organizations: ["AzureADMultipleOrgs", personalToo],
  common: ["AzureADMultipleOrgs", personalToo],
  consumers: ["PersonalMicrosoftAccount", personalToo],
};

/**
 * Whether the registration lets those people in whom the app sends to the authority.
 * @param tenant last part of the authority: a tenant, or `organizations`, `common`, `consumers`
 * @param command that changes the audience
 */
export function checkAudience(signInAudience: string, tenant: string, command: string): Finding {
  const allowed = suitable[tenant];
  if (allowed === undefined) {
    if (signInAudience !== "PersonalMicrosoftAccount") return ok(name, `${signInAudience}, and one tenant signs in`);
    const found = `is ${signInAudience}, but the app signs in people of the tenant ${tenant}`;
    return failed(name, found, `Set ${settings.tenantId.name} to consumers, or register the app again`);
  }
  if (!allowed.includes(signInAudience)) {
    const found = `is ${signInAudience}, but ${settings.tenantId.name} is ${tenant}, so Microsoft Entra refuses sign-ins`;
    const isForOrganizations = tenant !== "consumers";
    const toDo = isForOrganizations
      ? `${command} --sign-in-audience multi-tenant changes the registration; or set ${settings.tenantId.name} to the tenant's id`
      : `Register the app for personal accounts, or change ${settings.tenantId.name}`;
    return failed(name, found, toDo);
  }
  if (tenant === "common" && signInAudience !== personalToo) {
    const found = "personal accounts are sent to sign in, but the registration refuses them";
    return warning(name, found, `Set ${settings.tenantId.name} to organizations`);
  }
  return ok(name, `${signInAudience}, as ${tenant} needs`);
}

import { settings } from "../../shared/configuration/settings.ts";
import { isLive } from "../doctor/checks/registered-credentials.ts";
import { type Change, isWrite } from "./changes.ts";
import type { AppPrincipal } from "./graph-types.ts";
import type { ManagedIdentity } from "./managed-identity.ts";
import { baseUrlOfRoute, logoutUrlOf } from "./plan-application.ts";
import type { Outcome } from "./report.ts";

/** What the operator should know, or has to do. */
export function notesOn(outcome: Outcome & { readonly signInAudience: string }): readonly string[] {
  const { options, identity, changes, signInAudience } = outcome;
  return [
    ...logoutUrlNotes(options.baseUrl),
    ...credentialNotes(identity, changes),
    ...leftoverNotes(outcome),
    ...accessNotes(outcome.servicePrincipal),
    ...tenantNotes(signInAudience),
    directoryNote(identity),
    ...formerAddressNotes(changes),
  ];
}

/** With a managed identity, whatever else opens the registration is only there to be found by others. */
function leftoverNotes({ identity, application }: Pick<Outcome, "identity" | "application">): string[] {
  if (identity === undefined || application === undefined) return [];
  const count = [...application.passwordCredentials, ...application.keyCredentials].filter(isLive).length;
  if (count === 0) return [];
  return [
    `The registration has ${count} secrets or certificates that the app does not use with a managed identity: delete them.`,
  ];
}

/** Administrators decide this on purpose, so that the command does not undo it. */
function accessNotes(principal: AppPrincipal | undefined): string[] {
  return [
    ...(principal?.accountEnabled === false
      ? [
          "Sign-in to the app is disabled under Enterprise applications, Properties: until that is changed, nobody can sign in.",
        ]
      : []),
    ...(principal?.appRoleAssignmentRequired === true
      ? [
          "Assignment is required: only people and groups assigned under Enterprise applications can sign in, and an administrator has to consent.",
        ]
      : []),
  ];
}

function logoutUrlNotes(baseUrl: string): string[] {
  if (logoutUrlOf(baseUrl) !== undefined) return [];
  return [
    `Microsoft Entra accepts only an https Logout URL, so a sign-out that begins elsewhere does not reach ${baseUrl}. ` +
      `To try it, serve the app at https://localhost.`,
  ];
}

function credentialNotes(identity: ManagedIdentity | undefined, changes: readonly Change[]): string[] {
  if (identity !== undefined) {
    const isNew = changes.some((change) => change.item === "federated credential" && isWrite(change));
    return isNew ? ["It can take some minutes until Microsoft Entra accepts a new federated credential."] : [];
  }
  return [
    `No managed identity was given, so the app proves itself with a secret or certificate, see ` +
      `${settings.credentialSourceType.name}. ${settings.clientSecretExpires.name} has the app warn before a secret expires.`,
  ];
}

function tenantNotes(signInAudience: string): string[] {
  if (signInAudience === "AzureADMyOrg") return [];
  return [
    `People of every tenant may sign in, unless ${settings.allowedTenants.name} names the tenants that may. Each tenant consents for itself.`,
  ];
}

function directoryNote(identity: ManagedIdentity | undefined): string {
  const who = identity === undefined ? "this registration" : `"${identity.name}"`;
  return (
    `For ${settings.directoryNotifications.name}, an administrator gives ${who} the application permission ` +
    `User.Read.All of Microsoft Graph: docs/directory.md.`
  );
}

/** Anyone who takes over an abandoned host name that is still registered receives authorization codes. */
function formerAddressNotes(changes: readonly Change[]): string[] {
  const former = changes.filter(({ status, item, value }) => {
    return status === "keep" && item === "redirect URI" && /^https:.*\/auth\/callback$/.test(value);
  });
  return former.map(({ value }) => `If the app is no longer at ${baseUrlOfRoute(value)}, delete its redirect URIs.`);
}

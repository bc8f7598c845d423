import { appRoles, type AppRole } from "../../shared/identity/app-roles.ts";
import type { Change } from "./changes.ts";
import type { Application, ApplicationPatch } from "./graph-types.ts";

/** The version of access tokens that the app takes. Without a word about it, Microsoft Entra issues version 1. */
export const acceptedTokenVersion = 2;

/** Unique within a registration, and the same in each. */
const roleIds: Readonly<Record<AppRole, string>> = {
  support: "5a3d0c0e-6f0b-4a57-9d1e-2c7c6f2b8e41",
  everybodyOut: "b1f6d6a4-3c58-4e0e-8a0f-6d7f0c9a52d3",
};

interface SupportPlan {
  readonly changes: readonly Change[];
  readonly patch: ApplicationPatch;
}

/**
 * What lets services manage sessions: the app roles that they need, and access tokens that the app takes. If the registration
 * offers scopes to others, the version of the tokens stays, because those who take them may rely on it.
 */
export function planSupport(current: Application | undefined): SupportPlan {
  const roles = current?.appRoles ?? [];
  const isThere = (value: string) => roles.some((role) => role.value === value);
  const isOffering = (current?.api.oauth2PermissionScopes.length ?? 0) > 0;
  const wanted = Object.keys(appRoles) as AppRole[];
  const added = wanted.filter((role) => !isThere(appRoles[role].value)).map(roleToAdd);
  return {
    changes: [
      ...Object.values(appRoles).map(({ value }): Change => {
        return { status: isThere(value) ? "same" : "add", item: "app role", value };
      }),
      changeOfVersion(current && (current.api.requestedAccessTokenVersion ?? 1), isOffering),
    ],
    patch: {
      ...(added.length > 0 && { appRoles: [...roles.map(writable), ...added] }),
      ...(!isOffering && { api: { ...(current?.api ?? noApi), requestedAccessTokenVersion: acceptedTokenVersion } }),
    },
  };
}

function roleToAdd(role: AppRole): Application["appRoles"][number] {
  return { id: roleIds[role], ...appRoles[role], allowedMemberTypes: ["Application"], isEnabled: true };
}

const noApi: Application["api"] = {
  acceptMappedClaims: null,
  knownClientApplications: [],
  oauth2PermissionScopes: [],
  preAuthorizedApplications: [],
  requestedAccessTokenVersion: null,
};

/** @param version undefined for a new registration */
function changeOfVersion(version: number | undefined, isOffering: boolean): Change {
  const [item, value] = ["access tokens", `version ${acceptedTokenVersion}`];
  if (version === undefined) return { status: "add", item, value };
  if (version === acceptedTokenVersion) return { status: "same", item, value };
  if (isOffering) return { status: "keep", item, value: `version ${version}, because it offers scopes to others` };
  return { status: "change", item, value, before: `version ${version}` };
}

/** A role as Graph takes it: with `origin`, it refuses the request. */
function writable({ origin: _origin, ...role }: Application["appRoles"][number]): Application["appRoles"][number] {
  return role;
}

import type * as Graph from "@entra-functions-bff/development/graph-types";

export type { OptionalClaim, OptionalClaims, WebApplication } from "@entra-functions-bff/development/graph-types";

/** The properties of an application that this tool reads and writes. */
const properties = [
  "id",
  "appId",
  "displayName",
  "uniqueName",
  "signInAudience",
  "web",
  "optionalClaims",
  "requiredResourceAccess",
  "appRoles",
  "api",
  "passwordCredentials",
  "keyCredentials",
] as const satisfies readonly (keyof Graph.Application)[];

/** For `$select`. */
export const applicationProperties = properties.join(",");

export type Application = Pick<Graph.Application, (typeof properties)[number]>;
export type ApplicationPatch = Partial<
  Omit<Application, "id" | "appId" | "uniqueName" | "passwordCredentials" | "keyCredentials">
>;
export type FederatedIdentityCredential = Pick<
  Graph.FederatedIdentityCredential,
  "name" | "issuer" | "subject" | "audiences"
>;
export type PermissionScope = Graph.PermissionScope;
export type ServicePrincipal = Pick<Graph.ServicePrincipal, "id" | "appId" | "displayName">;
/** The app as it is in a tenant: whether, and whom, it lets in there. */
export type AppPrincipal = ServicePrincipal &
  Pick<Graph.ServicePrincipal, "accountEnabled" | "appRoleAssignmentRequired" | "disabledByMicrosoftStatus">;
/** For `$select`. */
export const principalProperties =
  "id,appId,displayName,accountEnabled,appRoleAssignmentRequired,disabledByMicrosoftStatus";
/** An API, seen from its service principal in this tenant. */
export type ResourceServicePrincipal = ServicePrincipal & Pick<Graph.ServicePrincipal, "oauth2PermissionScopes">;
export type ManagedIdentityServicePrincipal = ServicePrincipal &
  Pick<Graph.ServicePrincipal, "servicePrincipalType" | "alternativeNames">;
export type OAuth2PermissionGrant = Pick<Graph.OAuth2PermissionGrant, "consentType" | "resourceId" | "scope">;

export type AppRoleAssignment = Pick<Graph.AppRoleAssignment, "appRoleId">;
export type AssignedTo = Pick<Graph.AppRoleAssignment, "principalType">;

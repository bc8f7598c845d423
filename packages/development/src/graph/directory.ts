import { randomUUID } from "node:crypto";
import type {
  Application,
  AppRoleAssignment,
  FederatedIdentityCredential,
  OAuth2PermissionGrant,
  ServicePrincipal,
} from "./types.ts";
import { graphServicePrincipal } from "./graph-permissions.ts";

/** What a tenant holds. Tests look into it and put things there without going through the API and its checks. */
export interface Directory {
  readonly tenantId: string;
  readonly applications: ReadonlyMap<string, Application>;
  readonly servicePrincipals: ReadonlyMap<string, ServicePrincipal>;
  readonly grants: readonly OAuth2PermissionGrant[];
  /** By the application's object id. */
  federatedCredentials(applicationId: string): readonly FederatedIdentityCredential[];
  /** Adds an application, or replaces the one with the same id. */
  putApplication(application: Partial<Application>): Application;
  putServicePrincipal(servicePrincipal: Partial<ServicePrincipal>): ServicePrincipal;
  putManagedIdentity(name: string, kind?: "user-assigned" | "system-assigned"): ServicePrincipal;
  putFederatedCredential(
    applicationId: string,
    credential: Partial<FederatedIdentityCredential>,
  ): FederatedIdentityCredential;
  grant(grant: Pick<OAuth2PermissionGrant, "clientId" | "resourceId" | "scope">, principalId?: string): void;
  readonly appRoleAssignments: readonly AppRoleAssignment[];
  /** Gives a service principal an application permission of Microsoft Graph. */
  assignAppRole(principalId: string, appRoleId: string): void;
  /** Assigns somebody to an app, without a role. */
  assign(servicePrincipalId: string, principalType: AppRoleAssignment["principalType"]): void;
  /** Deletes it as the portal does: it can no longer be found, and its unique name stays taken for 30 days. */
  softDelete(applicationId: string): void;
  /** Unique names that only deleted applications have. */
  readonly deletedNames: ReadonlySet<string>;
}

/** The app role of those who are assigned without one. */
const withoutRole = "00000000-0000-0000-0000-000000000000";

export function createDirectory(tenantId: string): Directory {
  const applications = new Map<string, Application>();
  const servicePrincipals = new Map<string, ServicePrincipal>();
  const credentials = new Map<string, FederatedIdentityCredential[]>();
  const grants: OAuth2PermissionGrant[] = [];
  const deletedNames = new Set<string>();
  const appRoleAssignments: AppRoleAssignment[] = [];

  const directory: Directory = {
    tenantId,
    applications,
    servicePrincipals,
    grants,
    deletedNames,
    appRoleAssignments,
    assignAppRole(principalId, appRoleId) {
      const { displayName = "" } = servicePrincipals.get(principalId) ?? {};
      const principal = { principalId, principalType: "ServicePrincipal", principalDisplayName: displayName } as const;
      appRoleAssignments.push({ id: randomUUID(), ...principal, appRoleId, resourceId: microsoftGraph.id });
    },
    assign(resourceId, principalType) {
      const principal = { principalId: randomUUID(), principalType, principalDisplayName: principalType };
      appRoleAssignments.push({ id: randomUUID(), ...principal, appRoleId: withoutRole, resourceId });
    },
    federatedCredentials: (applicationId) => credentials.get(applicationId) ?? [],
    putApplication: (application) => put(applications, { ...blankApplication(), ...application }),
    putServicePrincipal: (each) => put(servicePrincipals, { ...newServicePrincipal(tenantId), ...each }),
    putManagedIdentity: (name, kind = "user-assigned") =>
      directory.putServicePrincipal({
        displayName: name,
        servicePrincipalType: "ManagedIdentity",
        alternativeNames: [`isExplicit=${kind === "user-assigned" ? "True" : "False"}`, `/subscriptions/local/${name}`],
      }),
    putFederatedCredential(applicationId, credential) {
      const made = { ...newCredential(), ...credential };
      const others = directory.federatedCredentials(applicationId).filter(({ name }) => name !== made.name);
      credentials.set(applicationId, [...others, made]);
      return made;
    },
    grant({ clientId, resourceId, scope }, principalId) {
      const consentType = principalId === undefined ? "AllPrincipals" : "Principal";
      grants.push({ id: randomUUID(), clientId, resourceId, consentType, principalId: principalId ?? null, scope });
    },
    softDelete(applicationId) {
      const { uniqueName } = applications.get(applicationId) ?? {};
      if (uniqueName) deletedNames.add(uniqueName);
      applications.delete(applicationId);
    },
  };
  const microsoftGraph = directory.putServicePrincipal(graphServicePrincipal);
  return directory;
}

function put<T extends { readonly id: string }>(objects: Map<string, T>, object: T): T {
  objects.set(object.id, object);
  return object;
}

/** An application with Graph's defaults. */
export function blankApplication(): Application {
  return {
    id: randomUUID(),
    appId: randomUUID(),
    createdDateTime: new Date().toISOString(),
    displayName: "App",
    description: null,
    notes: null,
    uniqueName: null,
    signInAudience: "AzureADMyOrg",
    isFallbackPublicClient: null,
    tags: [],
    web: {
      redirectUris: [],
      homePageUrl: null,
      logoutUrl: null,
      implicitGrantSettings: { enableIdTokenIssuance: false, enableAccessTokenIssuance: false },
    },
    spa: { redirectUris: [] },
    publicClient: { redirectUris: [] },
    optionalClaims: null,
    requiredResourceAccess: [],
    appRoles: [],
    api: {
      acceptMappedClaims: null,
      knownClientApplications: [],
      oauth2PermissionScopes: [],
      preAuthorizedApplications: [],
      requestedAccessTokenVersion: null,
    },
    passwordCredentials: [],
    keyCredentials: [],
  };
}

function newServicePrincipal(tenantId: string): ServicePrincipal {
  return {
    id: randomUUID(),
    appId: randomUUID(),
    displayName: "App",
    appOwnerOrganizationId: tenantId,
    servicePrincipalType: "Application",
    accountEnabled: true,
    appRoleAssignmentRequired: false,
    disabledByMicrosoftStatus: null,
    servicePrincipalNames: [],
    alternativeNames: [],
    tags: [],
    oauth2PermissionScopes: [],
  };
}

function newCredential(): FederatedIdentityCredential {
  return { id: randomUUID(), name: "other", issuer: "", subject: "", audiences: [], description: null };
}

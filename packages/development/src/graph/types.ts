/** https://learn.microsoft.com/graph/api/resources/application, as far as the local directory keeps it. */
export interface Application {
  readonly id: string;
  readonly appId: string;
  readonly createdDateTime: string;
  readonly displayName: string;
  readonly description: string | null;
  readonly notes: string | null;
  readonly uniqueName: string | null;
  readonly signInAudience: string;
  readonly isFallbackPublicClient: boolean | null;
  readonly tags: readonly string[];
  readonly web: WebApplication;
  readonly spa: { readonly redirectUris: readonly string[] };
  readonly publicClient: { readonly redirectUris: readonly string[] };
  readonly optionalClaims: OptionalClaims | null;
  readonly requiredResourceAccess: readonly RequiredResourceAccess[];
  readonly appRoles: readonly AppRole[];
  readonly api: ApiApplication;
  readonly passwordCredentials: readonly PasswordCredential[];
  readonly keyCredentials: readonly KeyCredential[];
}

export interface WebApplication {
  readonly redirectUris: readonly string[];
  readonly homePageUrl: string | null;
  readonly logoutUrl: string | null;
  readonly implicitGrantSettings: {
    readonly enableIdTokenIssuance: boolean;
    readonly enableAccessTokenIssuance: boolean;
  };
}

export interface AppRole {
  readonly id: string;
  readonly value: string | null;
  readonly displayName: string;
  readonly description: string;
  readonly allowedMemberTypes: readonly ("User" | "Application")[];
  readonly isEnabled: boolean;
  /** Only in answers. */
  readonly origin?: string;
}

/** What the application is for those who call it. */
export interface ApiApplication {
  readonly acceptMappedClaims: boolean | null;
  readonly knownClientApplications: readonly string[];
  readonly oauth2PermissionScopes: readonly PermissionScope[];
  readonly preAuthorizedApplications: readonly object[];
  /** Null is 1, except for apps that personal accounts sign in to. */
  readonly requestedAccessTokenVersion: number | null;
}

export interface OptionalClaim {
  readonly name: string;
  readonly source: string | null;
  readonly essential: boolean;
  readonly additionalProperties: readonly string[];
}

export interface OptionalClaims {
  readonly idToken: readonly OptionalClaim[];
  readonly accessToken: readonly OptionalClaim[];
  readonly saml2Token: readonly OptionalClaim[];
}

export interface RequiredResourceAccess {
  readonly resourceAppId: string;
  readonly resourceAccess: readonly { readonly id: string; readonly type: "Scope" | "Role" }[];
}

/** The secret's value is shown once, when it is created, and is not stored here. */
export interface PasswordCredential {
  readonly keyId: string;
  readonly displayName: string | null;
  readonly startDateTime: string;
  readonly endDateTime: string;
}

export interface KeyCredential extends PasswordCredential {
  readonly type: string;
  readonly usage: string;
}

export interface FederatedIdentityCredential {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly description: string | null;
}

export interface PermissionScope {
  readonly id: string;
  readonly value: string;
  /** `Admin`: only an administrator can consent. */
  readonly type: "User" | "Admin";
  readonly isEnabled: boolean;
}

export interface ServicePrincipal {
  readonly id: string;
  readonly appId: string;
  readonly displayName: string;
  readonly appOwnerOrganizationId: string | null;
  readonly servicePrincipalType: string;
  /** Whether people may sign in to it. */
  readonly accountEnabled: boolean;
  /** Whether only people may sign in who are assigned to it, directly or by a group. */
  readonly appRoleAssignmentRequired: boolean;
  readonly disabledByMicrosoftStatus: string | null;
  readonly servicePrincipalNames: readonly string[];
  /** Of a managed identity: whether it is user-assigned, and its resource id. */
  readonly alternativeNames: readonly string[];
  readonly tags: readonly string[];
  readonly oauth2PermissionScopes: readonly PermissionScope[];
}

/** An app role that somebody has: an application permission of a service principal, or what lets a person or group in. */
export interface AppRoleAssignment {
  readonly id: string;
  readonly appRoleId: string;
  /** Who has it. */
  readonly principalId: string;
  readonly principalType: "User" | "Group" | "ServicePrincipal";
  readonly principalDisplayName: string;
  /** The service principal of the API. */
  readonly resourceId: string;
}

/** Consent that was given on behalf of everyone (`AllPrincipals`) or by one person (`Principal`). */
export interface OAuth2PermissionGrant {
  readonly id: string;
  readonly clientId: string;
  readonly consentType: "AllPrincipals" | "Principal";
  readonly principalId: string | null;
  readonly resourceId: string;
  /** Separated by spaces, with a leading one. */
  readonly scope: string;
}

/** The part of https://learn.microsoft.com/graph/api/resources/application that this tool reads and writes. */
export interface Application {
  readonly id: string;
  readonly appId: string;
  readonly displayName: string;
  readonly uniqueName: string | null;
  readonly signInAudience: string;
  readonly web: WebApplication;
  readonly optionalClaims: OptionalClaims | null;
  readonly requiredResourceAccess: readonly RequiredResourceAccess[];
}

export const applicationProperties =
  "id,appId,displayName,uniqueName,signInAudience,web,optionalClaims,requiredResourceAccess";

export type ApplicationPatch = Partial<Omit<Application, "id" | "appId" | "uniqueName">>;

export interface WebApplication {
  readonly redirectUris: readonly string[];
  readonly homePageUrl: string | null;
  readonly logoutUrl: string | null;
  readonly implicitGrantSettings: {
    readonly enableIdTokenIssuance: boolean;
    readonly enableAccessTokenIssuance: boolean;
  };
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
  readonly resourceAccess: readonly { readonly id: string; readonly type: string }[];
}

export interface FederatedIdentityCredential {
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
}

export interface PermissionScope {
  readonly id: string;
  readonly value: string;
  /** `Admin`: only an administrator can consent. */
  readonly type: string;
  readonly isEnabled: boolean;
}

export interface ServicePrincipal {
  readonly id: string;
  readonly appId: string;
  readonly displayName: string;
}

/** An API, seen from its service principal in this tenant. */
export interface ResourceServicePrincipal extends ServicePrincipal {
  readonly oauth2PermissionScopes: readonly PermissionScope[];
}

export interface ManagedIdentityServicePrincipal extends ServicePrincipal {
  readonly servicePrincipalType: string;
  readonly alternativeNames: readonly string[];
}

export interface OAuth2PermissionGrant {
  readonly consentType: string;
  readonly resourceId: string;
  readonly scope: string;
}

export interface Collection<T> {
  readonly value: readonly T[];
}

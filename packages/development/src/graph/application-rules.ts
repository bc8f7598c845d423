import { badRequest } from "./errors.ts";
import { type Check, checkEntity, complex, flag, guid, invalidValue, listOf, nullable, oneOf, text } from "./checks.ts";
import type { Application, OptionalClaim, OptionalClaims } from "./types.ts";

/*
 * https://learn.microsoft.com/entra/identity-platform/supported-accounts-validation and
 * https://learn.microsoft.com/entra/identity-platform/reply-url
 */
const personalAudiences = ["AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"];

const redirectUri = text(256, (value) => {
  const url = URL.parse(value);
  if (url === null) return "is not an absolute URL";
  if (/[!$'(),;]/.test(value)) return "has one of the characters ! $ ' ( ) , ;";
  if (url.hash !== "") return "has a fragment";
  const local = url.protocol === "http:" && (url.hostname === "localhost" || url.hostname === "127.0.0.1");
  return url.protocol === "https:" || local ? undefined : "is not https";
});

/** Unlike a redirect URI, never http, not even for localhost. */
const logoutUrl = text(255, (value) => (URL.parse(value)?.protocol === "https:" ? undefined : "is not an https URL"));

const redirectUris: Check = (value) => {
  const problem = listOf(redirectUri, 256)(value);
  if (problem !== undefined) return problem;
  return new Set(value as string[]).size === (value as string[]).length ? undefined : "has duplicates";
};

const optionalClaimList = listOf(
  complex(
    {
      name: text(256),
      source: nullable(text(256)),
      essential: flag,
      additionalProperties: listOf(text(256)),
    },
    ["name"],
  ),
);

const resourceAccess = listOf(complex({ id: guid, type: oneOf("Scope", "Role") }, ["id", "type"]), 400);

const anything: Check = () => undefined;

/** Without `origin`, which only answers have. */
const appRoleList = listOf(
  complex(
    {
      id: guid,
      value: nullable(
        text(120, (value) => (/^[^\s.]\S*$/.test(value) ? undefined : "has blanks, or begins with a dot")),
      ),
      displayName: text(100),
      description: text(1024),
      allowedMemberTypes: listOf(oneOf("User", "Application")),
      isEnabled: flag,
    },
    ["id", "displayName", "description", "allowedMemberTypes", "isEnabled"],
  ),
);

const writable: Readonly<Record<string, Check>> = {
  displayName: text(120, (value) => (value === "" ? "is empty" : undefined)),
  description: nullable(text(1024)),
  notes: nullable(text(1024)),
  uniqueName: text(256),
  signInAudience: oneOf("AzureADMyOrg", "AzureADMultipleOrgs", ...personalAudiences),
  isFallbackPublicClient: nullable(flag),
  tags: listOf(text(256, (value) => (value === "" || /\s/.test(value) ? "is empty or has white space" : undefined))),
  web: complex({
    redirectUris,
    homePageUrl: nullable(text(256)),
    logoutUrl: nullable(logoutUrl),
    implicitGrantSettings: complex({ enableIdTokenIssuance: flag, enableAccessTokenIssuance: flag }),
  }),
  spa: complex({ redirectUris }),
  publicClient: complex({ redirectUris: listOf(text(256), 256) }),
  optionalClaims: nullable(
    complex({ idToken: optionalClaimList, accessToken: optionalClaimList, saml2Token: optionalClaimList }),
  ),
  appRoles: appRoleList,
  api: complex({
    acceptMappedClaims: nullable(flag),
    knownClientApplications: listOf(guid),
    oauth2PermissionScopes: listOf(anything),
    preAuthorizedApplications: listOf(anything),
    requestedAccessTokenVersion: (value) =>
      value === null || value === 1 || value === 2 ? undefined : "is not 1 or 2",
  }),
  requiredResourceAccess: listOf(
    complex({ resourceAppId: guid, resourceAccess }, ["resourceAppId", "resourceAccess"]),
    50,
  ),
};

/**
 * What a request may write into an application.
 * @throws {GraphError} 400
 */
export function checkApplicationBody(body: Readonly<Record<string, unknown>>): void {
  if (body["passwordCredentials"] !== undefined) {
    throw badRequest("New password credentials must be generated using service actions.");
  }
  checkEntity("Application", body, writable);
}

/**
 * What must be true of the application as a whole, after the change.
 * @throws {GraphError} 400
 */
export function checkApplication(application: Application): void {
  const isPersonal = personalAudiences.includes(application.signInAudience);
  if (isPersonal && application.displayName.length > 90) {
    throw invalidValue("Application", "displayName", "is longer than 90 characters");
  }
  if (isPersonal && application.web.redirectUris.length > 100) {
    throw invalidValue("Application", "web", "redirectUris has more than 100 entries");
  }
  const permissions = application.requiredResourceAccess.flatMap((each) => each.resourceAccess);
  if (permissions.length > (isPersonal ? 200 : 400)) {
    throw invalidValue("Application", "requiredResourceAccess", "has too many permissions");
  }
}

/** The application with what Graph fills in where a request left it out. */
export function completed(application: Application): Application {
  const appRoles = application.appRoles.map((role) => ({ ...role, origin: "Application" }));
  if (application.optionalClaims === null) return { ...application, appRoles };
  const { idToken, accessToken, saml2Token }: Partial<OptionalClaims> = application.optionalClaims;
  return {
    ...application,
    appRoles,
    optionalClaims: {
      idToken: completedClaims(idToken),
      accessToken: completedClaims(accessToken),
      saml2Token: completedClaims(saml2Token),
    },
  };
}

function completedClaims(claims: readonly Partial<OptionalClaim>[] = []): OptionalClaim[] {
  return claims.map(({ name = "", source = null, essential = false, additionalProperties = [] }) => {
    return { name, source, essential, additionalProperties };
  });
}

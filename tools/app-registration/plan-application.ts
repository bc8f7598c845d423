import { type Change, isWrite } from "./changes.ts";
import type { Application, ApplicationPatch, OptionalClaim, OptionalClaims, WebApplication } from "./graph-types.ts";
import type { Options } from "./options.ts";
import type { Permission } from "./permissions.ts";
import { planSupport } from "./plan-support.ts";

export interface ApplicationPlan {
  readonly changes: readonly Change[];
  /** What to write; empty if nothing has to change. */
  readonly patch: ApplicationPatch;
}

/** The app's routes that the registration must contain. */
export function redirectUrisOf(baseUrl: string): readonly string[] {
  // The end-session endpoint returns only to registered redirect URIs, so the landing page must be one.
  return [`${baseUrl}/auth/callback`, `${baseUrl}/auth/signed-out`];
}

/** Undefined over http, because Microsoft Entra accepts only https, even for localhost. */
export function logoutUrlOf(baseUrl: string): string | undefined {
  return baseUrl.startsWith("https:") ? `${baseUrl}/auth/frontchannel-logout` : undefined;
}

/** The app that a registered URL is of: the other way round. */
export function baseUrlOfRoute(url: string): string {
  const [, baseUrl] = /^(.*)\/auth\/(?:callback|signed-out|frontchannel-logout)$/.exec(url) ?? [];
  return baseUrl ?? new URL(url).origin;
}

type Wanted = Pick<Options, "baseUrl" | "name" | "signInAudience">;

/**
 * What has to be written so that `current` serves the app. Everything else stays as it is.
 * @param current undefined for a new registration
 */
export function planApplication(
  current: Application | undefined,
  wanted: Wanted,
  permissions: readonly Permission[],
): ApplicationPlan {
  const parts = [
    planDisplayName(current, wanted.name),
    planSignInAudience(current, wanted.signInAudience),
    planWeb(current?.web, wanted.baseUrl),
    planOptionalClaims(current?.optionalClaims ?? undefined),
    planPermissions(current, permissions),
    planSupport(current),
  ];
  const writes = parts.filter(({ changes }) => changes.some(isWrite));
  return {
    changes: parts.flatMap(({ changes }) => changes),
    patch: Object.assign({}, ...writes.map(({ patch }) => patch)) as ApplicationPatch,
  };
}

function planDisplayName(current: Application | undefined, name: string | undefined): ApplicationPlan {
  const displayName = name ?? current?.displayName ?? "";
  const change: Change =
    current === undefined
      ? { status: "create", item: "application", value: displayName }
      : single("display name", current.displayName, displayName);
  return { changes: [change], patch: { displayName } };
}

function planSignInAudience(current: Application | undefined, wanted: string | undefined): ApplicationPlan {
  const signInAudience = wanted ?? current?.signInAudience ?? "AzureADMyOrg";
  return { changes: [single("sign-in audience", current?.signInAudience, signInAudience)], patch: { signInAudience } };
}

/**
 * Complex values are written as a whole, with everything that was read, because the documentation does not say whether
 * an omitted property keeps its value.
 */
function planWeb(current: WebApplication | undefined, baseUrl: string): ApplicationPlan {
  const own = redirectUrisOf(baseUrl);
  const registered = current?.redirectUris ?? [];
  const logoutUrl = logoutUrlOf(baseUrl) ?? current?.logoutUrl ?? null;
  const implicit = current?.implicitGrantSettings;
  const isImplicitOn = implicit?.enableIdTokenIssuance === true || implicit?.enableAccessTokenIssuance === true;
  return {
    changes: [
      ...entries("redirect URI", registered, own),
      ...(logoutUrl === null ? [] : [single("Logout URL", current?.logoutUrl ?? undefined, logoutUrl)]),
      ...(current === undefined ? [] : [single("implicit grant", isImplicitOn ? "on" : "off", "off")]),
    ],
    patch: {
      web: {
        redirectUris: [...new Set([...registered, ...own])],
        homePageUrl: current?.homePageUrl ?? null,
        logoutUrl,
        implicitGrantSettings: { enableIdTokenIssuance: false, enableAccessTokenIssuance: false },
      },
    },
  };
}

/** `sid` finds the session that a front-channel sign-out ends. `login_hint` avoids the account picker at sign-out. */
const idTokenClaims = ["sid", "login_hint"];

function planOptionalClaims(current: OptionalClaims | undefined): ApplicationPlan {
  const registered = current?.idToken ?? [];
  const missing = idTokenClaims.filter((name) => !registered.some((claim) => claim.name === name));
  const added = missing.map((name): OptionalClaim => ({
    name,
    source: null,
    essential: false,
    additionalProperties: [],
  }));
  const names = registered.map(({ name }) => name);
  return {
    changes: entries("ID token claim", names, idTokenClaims),
    patch: {
      optionalClaims: {
        idToken: [...registered, ...added],
        accessToken: current?.accessToken ?? [],
        saml2Token: current?.saml2Token ?? [],
      },
    },
  };
}

function planPermissions(current: Application | undefined, permissions: readonly Permission[]): ApplicationPlan {
  const access = new Map(
    (current?.requiredResourceAccess ?? []).map((each) => [each.resourceAppId, [...each.resourceAccess]]),
  );
  const isAskedFor = ({ resourceAppId, id }: Permission) =>
    access.get(resourceAppId)?.some((each) => each.id === id && each.type === "Scope") ?? false;
  const changes = permissions.map((permission): Change => {
    const value = `${permission.resourceName} ${permission.name}`;
    return { status: isAskedFor(permission) ? "same" : "add", item: "API permission", value };
  });
  const known = new Set(permissions.map(({ id }) => id));
  const others = [...access.values()].flat().filter(({ id }) => !known.has(id)).length;
  if (others > 0) changes.push({ status: "keep", item: "API permission", value: `${others} more` });
  for (const permission of permissions.filter((each) => !isAskedFor(each))) {
    const { resourceAppId, id } = permission;
    access.set(resourceAppId, [...(access.get(resourceAppId) ?? []), { id, type: "Scope" }]);
  }
  const requiredResourceAccess = [...access].map(([resourceAppId, resourceAccess]) => ({
    resourceAppId,
    resourceAccess,
  }));
  return { changes, patch: { requiredResourceAccess } };
}

function single(item: string, before: string | undefined, value: string): Change {
  if (before === value) return { status: "same", item, value };
  return before === undefined ? { status: "add", item, value } : { status: "change", item, value, before };
}

function entries(item: string, registered: readonly string[], own: readonly string[]): Change[] {
  const kept = registered.filter((value) => !own.includes(value));
  return [
    ...own.map((value): Change => ({ status: registered.includes(value) ? "same" : "add", item, value })),
    ...kept.map((value): Change => ({ status: "keep", item, value })),
  ];
}

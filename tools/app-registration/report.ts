import type { Cloud } from "../../shared/configuration/clouds.ts";
import { settings } from "../../shared/configuration/settings.ts";
import { isLive } from "../doctor/checks/registered-credentials.ts";
import { type Change, isWrite } from "./changes.ts";
import { adminConsentUrl, type ConsentState } from "./consent.ts";
import type { Application, AppPrincipal } from "./graph-types.ts";
import type { ManagedIdentity } from "./managed-identity.ts";
import type { Options } from "./options.ts";
import { notesOn } from "./notes.ts";
import { logoutUrlOf, redirectUrisOf } from "./plan-application.ts";

/** What a run has done, or with `dryRun` would do, and what remains to be done by hand. `--json` prints this. */
export interface Report {
  readonly dryRun: boolean;
  /** Whether something was, or would be, written. */
  readonly changed: boolean;
  readonly tenantId: string;
  readonly displayName: string;
  /** Undefined, and absent from the JSON, if a dry run would create the registration. */
  readonly clientId: string | undefined;
  readonly changes: readonly Change[];
  /** App settings that belong to the registration. */
  readonly settings: Readonly<Record<string, string>>;
  readonly logoutUrl: string | undefined;
  readonly consent: readonly ConsentState[];
  /** Undefined when everything is consented to, or there is no registration yet. */
  readonly adminConsentUrl: string | undefined;
  /** The registration in the portal; undefined if there is none yet, or the cloud's portal is not known. */
  readonly portalUrl: string | undefined;
  readonly notes: readonly string[];
}

export interface Outcome {
  readonly options: Options;
  readonly tenantId: string;
  readonly identity: ManagedIdentity | undefined;
  readonly application: Application | undefined;
  /** As it was before; undefined if there was none. */
  readonly servicePrincipal: AppPrincipal | undefined;
  readonly consent: readonly ConsentState[];
  readonly changes: readonly Change[];
}

/** @param outcome what is known after the run */
export function createReport(outcome: Outcome): Report {
  const { options, tenantId, identity, application, consent, changes } = outcome;
  const signInAudience = options.signInAudience ?? application?.signInAudience ?? "AzureADMyOrg";
  const clientId = application?.appId;
  const [, landing = ""] = redirectUrisOf(options.baseUrl);
  const isConsentedTo = consent.every(({ consented }) => consented === true);
  return {
    dryRun: options.dryRun,
    changed: changes.some(isWrite),
    tenantId,
    displayName: options.name ?? application?.displayName ?? "",
    clientId,
    changes,
    settings: {
      [settings.publicBaseUrl.name]: options.baseUrl,
      ...(options.instance !== settings.instance.default && { [settings.instance.name]: options.instance }),
      [settings.tenantId.name]: authorityOf(signInAudience, tenantId),
      [settings.clientId.name]: clientId ?? "(known when it is created)",
      ...(identity && {
        [settings.credentialSourceType.name]: "SignedAssertionFromManagedIdentity",
        [settings.managedIdentityClientId.name]: identity.clientId,
      }),
      ...(!identity && secretExpiry(application)),
    },
    logoutUrl: logoutUrlOf(options.baseUrl),
    consent,
    adminConsentUrl:
      isConsentedTo || clientId === undefined ? undefined : adminConsentUrl(options.cloud, tenantId, clientId, landing),
    portalUrl: clientId === undefined ? undefined : portalUrl(options.cloud, clientId),
    notes: notesOn({ ...outcome, signInAudience }),
  };
}

/** Of several secrets, nobody can see which one the app uses. */
function secretExpiry(application: Application | undefined): Readonly<Record<string, string>> {
  const [secret, ...others] = application?.passwordCredentials.filter(isLive) ?? [];
  return secret && others.length === 0 ? { [settings.clientSecretExpires.name]: secret.endDateTime } : {};
}

function portalUrl({ portal }: Cloud, clientId: string): string | undefined {
  const blade = `#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Overview/appId/${clientId}`;
  return portal === undefined ? undefined : `${portal}/${blade}`;
}

/** The authority for the people whom the sign-in audience names. */
function authorityOf(signInAudience: string, tenantId: string): string {
  switch (signInAudience) {
    case "AzureADMultipleOrgs":
      return "organizations";
    case "AzureADandPersonalMicrosoftAccount":
      return "common";
    case "PersonalMicrosoftAccount":
      return "consumers";
    default:
      return tenantId;
  }
}

import { AppRegistrationError } from "../../app-registration/errors.ts";
import { literal, type GraphClient } from "../../app-registration/graph-client.ts";
import { type Application, applicationProperties } from "../../app-registration/graph-types.ts";
import { redirectUrisOf } from "../../app-registration/plan-application.ts";
import { failed, notChecked, ok, warning, type Finding } from "../finding.ts";
import { commandFor } from "../registration-command.ts";
import { checkAudience } from "./audience.ts";
import { checkCredentials } from "./registered-credentials.ts";
import { checkAccess, type AccessExpected } from "./service-principal.ts";
import { checkSupport } from "./support.ts";
import { checkTrust } from "./trust.ts";

const name = "App registration";

export interface RegistrationExpected extends AccessExpected {
  /** What the settings say; undefined for a deployment, whose settings are its own. */
  readonly credential: "secret" | "certificate" | "managedIdentity" | undefined;
  /** By the settings: ISO 8601. */
  readonly secretExpiresAt?: string | undefined;
  /** Client id or principal id of the identity to be trusted. */
  readonly managedIdentity: string | undefined;
}

/** The app registration as Microsoft Graph has it, compared with what the app needs. Only reads. */
export async function checkRegistration(
  graph: GraphClient,
  expected: RegistrationExpected,
): Promise<readonly Finding[]> {
  try {
    const path = `/applications(appId=${literal(expected.clientId)})?$select=${applicationProperties}`;
    const application = await graph.read<Application>("read the app registration", path);
    if (application === undefined) return [missing(expected.clientId)];
    const isTrusting = expected.credential === "managedIdentity" || expected.managedIdentity !== undefined;
    return [
      ok(name, `"${application.displayName}", ${application.appId}`),
      ...checkUris(application, expected.baseUrl),
      checkLogoutUrl(application, expected.baseUrl),
      checkClaims(application),
      checkAudience(application.signInAudience, expected.tenant, commandFor(expected)),
      ...checkImplicitGrant(application, commandFor(expected)),
      ...(await checkAccess(graph, expected)),
      checkSupport(application),
      ...(isTrusting || expected.credential === undefined
        ? [await checkTrust(graph, application.id, expected.cloud, expected.managedIdentity)]
        : []),
      ...checkCredentials(application, isTrusting ? "managedIdentity" : expected.credential, expected.secretExpiresAt),
    ];
  } catch (error) {
    if (!(error instanceof AppRegistrationError)) throw error;
    return [notChecked(name, error.message)];
  }
}

function missing(clientId: string): Finding {
  const toDo = "Sign in to the registration's own tenant, or correct AzureAd__ClientId";
  return failed(
    name,
    `there is no registration with the client id ${clientId} in the tenant you are signed in to`,
    toDo,
  );
}

function checkUris({ web }: Application, baseUrl: string): Finding[] {
  const names = ["Redirect URI", "Post-logout URI"];
  return redirectUrisOf(baseUrl).map((uri, index) => {
    const label = names[index] ?? uri;
    if (web.redirectUris.includes(uri)) return ok(label, uri);
    return failed(label, `${uri} is not registered`, "Add it as a redirect URI of the platform Web");
  });
}

function checkLogoutUrl({ web }: Application, baseUrl: string): Finding {
  const label = "Logout URL";
  const wanted = `${baseUrl}/auth/frontchannel-logout`;
  if (web.logoutUrl === wanted) return ok(label, wanted);
  if (baseUrl.startsWith("http:")) {
    const toDo = "Sign-outs that begin elsewhere reach the app only over https";
    return warning(label, "Microsoft Entra accepts none for an app on http", toDo);
  }
  const found = web.logoutUrl ? `is ${web.logoutUrl}` : "is not set, so sign-outs that begin elsewhere do not arrive";
  return failed(label, found, `Set it to ${wanted}`);
}

function checkClaims({ optionalClaims }: Application): Finding {
  const label = "Optional claims";
  const registered = new Set(optionalClaims?.idToken.map((claim) => claim.name));
  const lacking = ["sid", "login_hint"].filter((claim) => !registered.has(claim));
  if (lacking.length === 0) return ok(label, "ID tokens have sid and login_hint");
  return failed(label, `ID tokens lack ${lacking.join(" and ")}`, "Add it under Token configuration");
}

/** Without a use for the app, it lets tokens into addresses of pages. */
function checkImplicitGrant({ web }: Application, command: string): Finding[] {
  const { enableIdTokenIssuance, enableAccessTokenIssuance } = web.implicitGrantSettings;
  if (!enableIdTokenIssuance && !enableAccessTokenIssuance) return [];
  return [warning("Implicit grant", "is on, but the app does not use it", `${command} turns it off`)];
}

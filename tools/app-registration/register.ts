import { type Change, isWrite } from "./changes.ts";
import { readConsent } from "./consent.ts";
import { AppRegistrationError, withProgress } from "./errors.ts";
import { type CredentialPlan, planFederatedCredential } from "./federated-credential.ts";
import { findApplication, readByUniqueName, uniqueNameOf } from "./find-application.ts";
import { type GraphClient, literal, type Written } from "./graph-client.ts";
import {
  type Application,
  type AppPrincipal,
  type FederatedIdentityCredential,
  principalProperties,
} from "./graph-types.ts";
import { resolveManagedIdentity } from "./managed-identity.ts";
import type { Options } from "./options.ts";
import { resolvePermissions } from "./permissions.ts";
import { type ApplicationPlan, planApplication } from "./plan-application.ts";
import { createReport, type Report } from "./report.ts";
import { readTenantId } from "./tenant.ts";

interface Plan {
  readonly application: ApplicationPlan;
  readonly servicePrincipal: Change;
  readonly credential: CredentialPlan;
}

/**
 * Makes the registration match the options; with `dryRun`, only reports the difference. It reads and checks everything
 * before the first write, and does not write what is already right.
 * @throws {AppRegistrationError}
 */
export async function registerApp(options: Options, graph: GraphClient): Promise<Report> {
  const tenantId = await readTenantId(graph, options.tenantId);
  const application = await findApplication(graph, options);
  const permissions = await resolvePermissions(graph, options.scopes);
  const identity =
    options.managedIdentity === undefined ? undefined : await resolveManagedIdentity(graph, options.managedIdentity);
  const servicePrincipal = application && (await readServicePrincipal(graph, application));
  const credentials = application === undefined ? [] : await readCredentials(graph, application);
  const plan: Plan = {
    application: planApplication(application, options, permissions),
    servicePrincipal: planServicePrincipal(servicePrincipal),
    credential: planFederatedCredential(credentials, { cloud: options.cloud, tenantId }, identity),
  };
  const consent = await readConsent(graph, servicePrincipal?.id, permissions);
  return createReport({
    options,
    tenantId,
    identity,
    application: options.dryRun ? application : await apply(graph, options, application, plan),
    servicePrincipal,
    consent,
    changes: [...plan.application.changes, plan.servicePrincipal, ...plan.credential.changes],
  });
}

/** People and administrators consent to the service principal, so nobody can sign in without it. */
function planServicePrincipal(current: AppPrincipal | undefined): Change {
  const status = current === undefined ? "create" : "same";
  return { status, item: "service principal", value: "in this tenant" };
}

async function readServicePrincipal(graph: GraphClient, { appId }: Application): Promise<AppPrincipal | undefined> {
  const path = `/servicePrincipals(appId=${literal(appId)})?$select=${principalProperties}`;
  return graph.read<AppPrincipal>("read the service principal", path);
}

async function readCredentials(
  graph: GraphClient,
  { id }: Application,
): Promise<readonly FederatedIdentityCredential[]> {
  const path = `/applications/${id}/federatedIdentityCredentials`;
  return graph.list<FederatedIdentityCredential>("read the federated credentials", path);
}

/** The steps have this order because each needs the one before. A failure says what had been written before it. */
async function apply(
  graph: GraphClient,
  options: Options,
  current: Application | undefined,
  plan: Plan,
): Promise<Application> {
  const done: string[] = [];
  try {
    const application = await writeApplication(graph, options, current, plan.application, done);
    if (isWrite(plan.servicePrincipal)) {
      await createServicePrincipal(graph, application);
      done.push("service principal created");
    }
    if (plan.credential.credential !== undefined) await writeCredential(graph, application, plan.credential.credential);
    return application;
  } catch (error) {
    throw withProgress(error, done);
  }
}

async function writeApplication(
  graph: GraphClient,
  { name = "" }: Options,
  current: Application | undefined,
  { patch }: ApplicationPlan,
  done: string[],
): Promise<Application> {
  if (current === undefined) {
    const application = await createApplication(graph, name, patch);
    done.push(`application created, client id ${application.appId}`);
    return application;
  }
  if (Object.keys(patch).length > 0) {
    const outcome = await graph.update("change the app registration", `/applications/${current.id}`, patch);
    if (outcome === "missing") throw notVisible();
    done.push(`application changed, client id ${current.appId}`);
  }
  return { ...current, ...patch };
}

/** Created by its unique name, so that two runs at once, or a run whose answer was lost, do not create two. */
async function createApplication(graph: GraphClient, name: string, patch: object): Promise<Application> {
  const path = `/applications(uniqueName=${literal(uniqueNameOf(name))})`;
  const written = await graph.upsert<Application>("create the app registration", path, patch);
  if (typeof written === "object") return written.created;
  const application = await graph.untilFound(async () => readByUniqueName(graph, name));
  if (application === undefined) throw notVisible();
  return application;
}

async function createServicePrincipal(graph: GraphClient, { appId, displayName }: Application): Promise<void> {
  const path = `/servicePrincipals(appId=${literal(appId)})`;
  await untilWritten(graph, async () => graph.upsert("create the service principal", path, { displayName }));
}

async function writeCredential(
  graph: GraphClient,
  { id }: Application,
  { name, ...credential }: FederatedIdentityCredential,
): Promise<void> {
  const path = `/applications/${id}/federatedIdentityCredentials(name=${literal(name)})`;
  await untilWritten(graph, async () => graph.upsert("write the federated credential", path, credential));
}

/** An object that belongs to an application can be written only where the application is already visible. */
async function untilWritten(graph: GraphClient, write: () => Promise<Written<unknown>>): Promise<void> {
  const written = await graph.untilFound(async () => {
    const outcome = await write();
    return outcome === "missing" ? undefined : outcome;
  });
  if (written === undefined) throw notVisible();
}

function notVisible(): AppRegistrationError {
  const message = "Microsoft Entra does not show the app registration everywhere yet.\nRun again in a minute.";
  return new AppRegistrationError("not_visible_yet", message);
}

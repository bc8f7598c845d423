import type { Cloud } from "../../shared/configuration/clouds.ts";
import type { Change } from "./changes.ts";
import { AppRegistrationError } from "./errors.ts";
import type { FederatedIdentityCredential } from "./graph-types.ts";
import type { ManagedIdentity } from "./managed-identity.ts";

export interface CredentialPlan {
  readonly changes: readonly Change[];
  /** What to write, if anything. */
  readonly credential?: FederatedIdentityCredential;
}

/** Where the managed identity is. */
export interface IdentitiesTenant {
  readonly cloud: Cloud;
  readonly tenantId: string;
}

/** The issuer of the tokens of a tenant's managed identities. */
export function issuerOf({ cloud, tenantId }: IdentitiesTenant): string {
  return `https://${cloud.authorityHosts[0]}/${tenantId}/v2.0`;
}

const item = "federated credential";
const mostPerApplication = 20;

/** Without an identity, no trust is added; existing trust is only listed. */
export function planFederatedCredential(
  existing: readonly FederatedIdentityCredential[],
  { cloud, tenantId }: IdentitiesTenant,
  identity: ManagedIdentity | undefined,
): CredentialPlan {
  if (identity === undefined) return { changes: existing.map(kept) };
  const wanted = credentialFor({ cloud, tenantId }, identity);
  const same = existing.find(({ issuer, subject }) => issuer === wanted.issuer && subject === wanted.subject);
  const others = existing.filter((each) => each !== same && each.name !== wanted.name).map(kept);
  if (same !== undefined) {
    checkAudience(same, cloud);
    return { changes: [{ status: "same", item, value: `${same.name} (${identity.name})` }, ...others] };
  }
  const replaced = existing.find(({ name }) => name === wanted.name);
  if (replaced === undefined && existing.length >= mostPerApplication) throw tooMany(existing);
  const value = `${wanted.name} (${identity.name})`;
  const change: Change =
    replaced === undefined
      ? { status: "add", item, value }
      : { status: "change", item, value, before: `${replaced.name} (${replaced.subject})` };
  return { changes: [change, ...others], credential: wanted };
}

/**
 * Each identity has its own credential, named after it, so that several deployments of one registration do not
 * conflict.
 */
function credentialFor(tenant: IdentitiesTenant, { principalId }: ManagedIdentity): FederatedIdentityCredential {
  return {
    name: `managed-identity-${principalId}`,
    issuer: issuerOf(tenant),
    subject: principalId,
    audiences: [tenant.cloud.tokenExchangeAudience],
  };
}

function kept({ name, subject }: FederatedIdentityCredential): Change {
  return { status: "keep", item, value: `${name} (${subject})` };
}

/**
 * Issuer and subject are unique in a registration, so an existing credential with another audience prevents a new one.
 */
function checkAudience({ name, audiences }: FederatedIdentityCredential, { tokenExchangeAudience }: Cloud): void {
  if (audiences.length === 1 && audiences[0] === tokenExchangeAudience) return;
  const message =
    `The federated credential "${name}" trusts the same managed identity for the audience ${audiences.join(", ")}.\n` +
    `Delete it, or set its audience to ${tokenExchangeAudience}, and run again.`;
  throw new AppRegistrationError("federated_credential_conflict", message);
}

function tooMany(existing: readonly FederatedIdentityCredential[]): AppRegistrationError {
  const message =
    `The registration has ${existing.length} federated credentials, and more are not possible.\n` +
    `Delete one that is no longer used, and run again.`;
  return new AppRegistrationError("federated_credential_conflict", message);
}

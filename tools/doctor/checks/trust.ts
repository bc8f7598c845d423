import type { Cloud } from "../../../shared/configuration/clouds.ts";
import { AppRegistrationError } from "../../app-registration/errors.ts";
import { issuerOf } from "../../app-registration/federated-credential.ts";
import type { GraphClient } from "../../app-registration/graph-client.ts";
import type { FederatedIdentityCredential } from "../../app-registration/graph-types.ts";
import { resolveManagedIdentity } from "../../app-registration/managed-identity.ts";
import { readTenantId } from "../../app-registration/tenant.ts";
import { failed, notChecked, ok, type Finding } from "../finding.ts";

const name = "Federated credential";

/**
 * Whether the registration trusts the managed identity.
 * @param applicationId object id of the registration
 * @param identity client id or principal id
 */
export async function checkTrust(
  graph: GraphClient,
  applicationId: string,
  cloud: Cloud,
  identity: string | undefined,
): Promise<Finding> {
  if (identity === undefined) return notChecked(name, "name the identity that it should trust with --managed-identity");
  try {
    const path = `/applications/${applicationId}/federatedIdentityCredentials`;
    const found = await graph.list<FederatedIdentityCredential>("read the federated credentials", path);
    const { principalId, name: identityName } = await resolveManagedIdentity(graph, identity);
    const tenantId = await readTenantId(graph, undefined);
    const own = found.filter(({ subject }) => subject === principalId);
    const wanted = { issuer: issuerOf({ cloud, tenantId }), audience: cloud.tokenExchangeAudience };
    return verdict(own, identityName, wanted, identity);
  } catch (error) {
    if (!(error instanceof AppRegistrationError)) throw error;
    if (error.code === "managed_identity_unknown" || error.code === "managed_identity_unsuitable") {
      return failed(name, oneSentence(error.message), "Set the client id of the user-assigned identity");
    }
    return notChecked(name, error.message);
  }
}

function verdict(
  credentials: readonly FederatedIdentityCredential[],
  identityName: string,
  { issuer, audience }: { readonly issuer: string; readonly audience: string },
  identity: string,
): Finding {
  const toDo = `npm run app-registration -- --managed-identity ${identity} adds it`;
  if (credentials.length === 0) return failed(name, `the registration does not trust "${identityName}"`, toDo);
  const right = credentials.find((each) => each.issuer === issuer && each.audiences.includes(audience));
  if (right) return ok(name, `the registration trusts "${identityName}"`);
  const found = `the credential for "${identityName}" has another issuer or audience`;
  return failed(name, found, `Issuer ${issuer}, audience ${audience}`);
}

function oneSentence(message: string): string {
  return (message.split("\n")[0] ?? "").replace(/\.$/, "");
}

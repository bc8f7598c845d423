import { appClientId } from "@entra-functions-bff/development";
import type { World } from "./world.ts";

/** An access token of a service that has the app role, as Microsoft Entra issues it. @param changes claims that differ */
export async function serviceToken(
  { identityProvider: { controls, instance, tenantId } }: World,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const times = { iat: now, nbf: now, exp: now + 3600 };
  const issued = { iss: `${instance}${tenantId}/v2.0`, aud: appClientId, tid: tenantId, ver: "2.0", ...times };
  return controls.signToken({ ...issued, azp: "a-service", roles: ["Sessions.Manage"], ...changes });
}

/** What such a service sends. */
export async function serviceHeaders(world: World): Promise<{ readonly authorization: string }> {
  return { authorization: `Bearer ${await serviceToken(world)}` };
}

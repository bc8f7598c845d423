import type { IdentityProvider } from "@entra-functions-bff/identity-provider";
import { createTokenVerifier } from "../downstream-api/access-token.ts";
import { startUserDirectory, type UserDirectory } from "./service.ts";

/** The directory of an identity provider's people. Its apps get tokens for it, with the permission to read all users. */
export async function startUserDirectoryFor(identityProvider: IdentityProvider): Promise<UserDirectory> {
  const { tenantId, people, issuer } = identityProvider;
  const own = people.filter(({ tid }) => tid === tenantId);
  const directory = await startUserDirectory({
    port: 0,
    tenantId,
    users: own.map(({ oid, name }) => ({ id: oid, displayName: name })),
    rolesIn: async (token) => rolesIn(token),
  });
  const audience = directory.url;
  const verify = createTokenVerifier({ issuers: [issuer], audience, jwks: async () => identityProvider.jwks() });
  const rolesIn = async (token: string) => {
    const payload = await verify(token).catch(() => undefined);
    return payload && ((payload["roles"] as readonly string[] | undefined) ?? []);
  };
  identityProvider.controls.applicationPermissions = { [audience]: ["User.Read.All"] };
  return directory;
}

import { createHash, randomUUID, X509Certificate } from "node:crypto";
import type { NodeAuthOptions } from "@azure/msal-node";
import { importPKCS8, SignJWT } from "jose";
import type { ClientCredential } from "../configuration/azure-ad.ts";
import { cloudOf } from "../configuration/clouds.ts";
import { shared, sharedByKey, whileAsked, withinDeadline } from "../core/waiting.ts";
import { managedIdentity } from "../core/managed-identity.ts";
import { storeClock, type StoreClock } from "../store/clock.ts";

export type MsalCredential = Pick<NodeAuthOptions, "clientSecret" | "clientAssertion">;

type Assertion = (request: { tokenEndpoint?: string | undefined }) => Promise<string>;

const assertionLifetimeSeconds = 600;
const tokenTimeoutMs = 4_000;

/**
 * The app's own credential in MSAL's terms. Assertions are used again, because MSAL asks for one on every call, even if it then
 * sends no request.
 * @param environment host of the authority, such as `login.microsoftonline.com`
 * @param clock dates the assertions
 * @throws if the certificate or its key cannot be used
 */
export async function msalCredential(
  credential: ClientCredential,
  clientId: string,
  environment: string,
  clock: Pick<StoreClock, "now"> = storeClock(),
): Promise<MsalCredential> {
  switch (credential.kind) {
    case "secret":
      return { clientSecret: credential.secret };
    case "certificate":
      return { clientAssertion: await certificateAssertion(credential.pem, clientId, clock) };
    case "managedIdentity": {
      const { tokenExchangeAudience } = cloudOf(environment);
      return {
        clientAssertion: await managedIdentityAssertion(credential.clientId, `${tokenExchangeAudience}/.default`),
      };
    }
  }
}

/** Workload identity federation: the managed identity's token is the assertion, and there is no secret to keep. */
async function managedIdentityAssertion(clientId: string, scope: string): Promise<Assertion> {
  const credential = await managedIdentity(clientId);
  // The credential itself caches the token. Its abort signal does not reach the request, so the time limit is here.
  return shared(async () => {
    const request = credential.getToken(scope);
    return (await withinDeadline(AbortSignal.timeout(tokenTimeoutMs), request)).token;
  }, whileAsked);
}

/** Client assertion (RFC 7523) signed with the certificate's key, as the Microsoft identity platform expects it. */
async function certificateAssertion(pem: string, clientId: string, clock: Pick<StoreClock, "now">): Promise<Assertion> {
  const certificate = new X509Certificate(pem);
  const keyPem = /-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----/.exec(pem)?.[0];
  if (!keyPem) throw new Error("The certificate's private key must be in PKCS #8 form (BEGIN PRIVATE KEY)");
  const key = await importPKCS8(keyPem, "PS256");
  const thumbprint = createHash("sha256").update(certificate.raw).digest("base64url");
  const sign = async (audience: string, now: number) =>
    new SignJWT()
      .setProtectedHeader({ alg: "PS256", typ: "JWT", "x5t#S256": thumbprint })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + assertionLifetimeSeconds)
      .sign(key);

  let current: { audience: string; token: string; renewAt: number } | undefined;
  const renew = sharedByKey<string>(whileAsked, 1);
  return async ({ tokenEndpoint: audience = "" }) => {
    const now = Math.floor(clock.now() / 1000);
    if (current?.audience === audience && now < current.renewAt) return current.token;
    return renew(audience, async () => {
      const token = await sign(audience, now);
      current = { audience, token, renewAt: now + assertionLifetimeSeconds / 2 };
      return token;
    });
  };
}

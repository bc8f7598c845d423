import { asciiLowerCase, sha256Base64Url } from "../core/encoding.ts";

/** MSAL's `uid.utid`, where the `utid` is a tenant of Microsoft's. */
const ofTenant = /\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Id of the document that holds an account's sessions.
 * @param environment host of the authority, such as `login.microsoftonline.com`
 * @param homeAccountId MSAL's `uid.utid`, the same for a person's account in every tenant that it is a guest of; the subject
 *   at an identity provider that has no such thing
 */
export function accountKeyOf(environment: string, homeAccountId: string): string {
  // Microsoft's ids are the same in either case. Subjects differ by it (OpenID Connect Core 1.0 section 2): "Ada" is not "ada".
  const id = ofTenant.test(homeAccountId) ? asciiLowerCase(homeAccountId) : homeAccountId;
  return sha256Base64Url(asciiLowerCase(environment), id);
}

/**
 * Id of the index entry for an OpenID Connect session id.
 * @param authority the configured authority. Not the `iss` of one token: a front-channel sign-out may come without it,
 *   and under a multi-tenant authority `sid` alone does not tell the tenant.
 */
export function sidKeyOf(authority: string, sid: string): string {
  return sha256Base64Url(authority, "sid", sid);
}

/** Id of the index entry for a subject, which is unique within its issuer (OpenID Connect Core 1.0 section 2). */
export function subjectKeyOf(issuer: string, subject: string): string {
  return sha256Base64Url(issuer, "sub", subject);
}

/** Id of the index entry for a logout token that the entry of its `sid` or subject has no room for. @param jti its hash */
export function tokenKeyOf(entry: string, jti: string): string {
  return sha256Base64Url(entry, "jti", jti);
}

/** Id of the index entry that says which other account's session has taken a session's place. */
export function successionKeyOf(sessionKey: string): string {
  return sha256Base64Url("successor of", sessionKey);
}

/** What the database knows a session by: a hash of the secret in the cookie, never the secret. */
export function sessionKeyOf(secret: string): string {
  return sha256Base64Url(Buffer.from(secret, "base64url"));
}

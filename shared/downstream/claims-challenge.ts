import { isClaimsRequest } from "../identity/claims-request.ts";

/**
 * The claims challenge in a `WWW-Authenticate` header, as the Microsoft identity platform's continuous access evaluation
 * sends it: `Bearer error="insufficient_claims", claims="<base64 of JSON>"`.
 * @returns the JSON text for the `claims` request parameter; undefined if there is none that can be read
 */
export function claimsChallenge(header: string | null): string | undefined {
  if (!/error="insufficient_claims"/i.test(header ?? "")) return undefined;
  const encoded = /\bclaims="([A-Za-z0-9+/_=-]{1,8192})"/i.exec(header ?? "")?.[1];
  const claims = encoded && Buffer.from(encoded, "base64").toString("utf8");
  return claims && isClaimsRequest(claims) ? claims : undefined;
}

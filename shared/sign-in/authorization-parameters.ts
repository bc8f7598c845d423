import { isRecord } from "../core/encoding.ts";
import type { SignInOptions } from "./authorization-request.ts";

/** Parameters that the identity provider alone acts on (OpenID Connect Core 1.0 section 3.1.2.1). */
export function passedOn({ maxAge, uiLocales, acrValues, display }: SignInOptions): Record<string, string> {
  return {
    ...(maxAge !== null && { max_age: String(maxAge) }),
    ...(uiLocales !== null && { ui_locales: uiLocales }),
    ...(acrValues !== null && { acr_values: acrValues }),
    ...(display !== null && { display }),
  };
}

/**
 * The claims asked for. With a greatest age the ID token must say when the person signed in (section 2, `auth_time`), which
 * Entra leaves out unless asked.
 */
export function claimsOf({ claims, maxAge }: SignInOptions): { claims?: string } {
  if (maxAge === null) return claims === null ? {} : { claims };
  const asked: unknown = claims === null ? {} : JSON.parse(claims);
  const { id_token: idToken, ...others } = isRecord(asked) ? asked : {};
  const withTime = { ...(isRecord(idToken) && idToken), auth_time: { essential: true } };
  return { claims: JSON.stringify({ ...others, id_token: withTime }) };
}

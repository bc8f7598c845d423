import { asciiLowerCase } from "../core/encoding.ts";
import { challengesOf, type Challenge } from "../http/challenges.ts";
import { isClaimsRequest } from "../identity/claims-request.ts";

/**
 * The claims challenge in a `WWW-Authenticate` field, as the Microsoft identity platform's continuous access evaluation sends
 * it: `Bearer error="insufficient_claims", claims="<base64 of JSON>"`. A web API that calls others on behalf of the person
 * passes their challenges on as JSON, without `error`.
 * @returns the JSON text for the `claims` request parameter; undefined if there is none that can be read
 */
export function claimsChallenge(field: string | null): string | undefined {
  const bearers = challengesOf(field ?? "").filter(({ scheme }) => scheme === "bearer");
  return bearers.map(claimsOf).find((claims) => claims !== undefined);
}

function claimsOf({ parameters }: Challenge): string | undefined {
  const claims = parameters.get("claims") ?? "";
  const error = parameters.get("error");
  if (error !== undefined && asciiLowerCase(error) !== "insufficient_claims") return undefined;
  const text = isBase64.test(claims) ? Buffer.from(claims, "base64").toString("utf8") : claims;
  return isClaimsRequest(text) ? text : undefined;
}

const isBase64 = /^[\w+/-]{1,8192}=*$/;

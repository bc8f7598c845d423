/** A parsed `claims` parameter, or a part of one. */
export type ClaimsRequest = { readonly [name: string]: unknown };

/** The JSON of a `claims` parameter; undefined when it is absent or not a JSON object. */
export function parseClaimsRequest(text: unknown): ClaimsRequest | undefined {
  if (typeof text !== "string" || text === "") return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Whether `request` asks for everything that `challenge` demands; it may ask for more (MSAL adds its capabilities). */
export function satisfies(request: unknown, challenge: unknown): boolean {
  if (isObject(challenge)) {
    return isObject(request) && Object.entries(challenge).every(([name, value]) => satisfies(request[name], value));
  }
  return JSON.stringify(request) === JSON.stringify(challenge);
}

/** The values asked for one access token claim: `{"access_token":{"acrs":{"value":"c1"}}}` asks for `c1`. */
export function accessTokenValues(request: ClaimsRequest | undefined, claim: string): string[] {
  const accessToken = request?.["access_token"];
  const member = isObject(accessToken) ? accessToken[claim] : undefined;
  if (!isObject(member)) return [];
  const values = Array.isArray(member["values"]) ? member["values"] : [member["value"]];
  return values.filter((value): value is string => typeof value === "string");
}

function isObject(value: unknown): value is ClaimsRequest {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

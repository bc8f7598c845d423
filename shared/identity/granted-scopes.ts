import type { Grants, SessionSecrets } from "./session-secrets.ts";

/** Every identity provider grants these beside an API's, or leaves them out. */
const openIdScopes = new Set(["openid", "profile", "email", "offline_access"]);

/** What was asked for, whatever its order and case: the key of {@link Grants}. */
function keyOf(asked: readonly string[]): string {
  return partsOf(asked.join(" ")).toSorted().join(" ");
}

function partsOf(scopes: string): string[] {
  return scopes.toLowerCase().split(/\s+/).filter(Boolean);
}

/** The scopes of the token that came when `asked` was asked for, if they were others. */
export function grantedInstead({ grants }: SessionSecrets, asked: readonly string[]): readonly string[] | undefined {
  const granted: unknown = grants?.[keyOf(asked)];
  return typeof granted === "string" && granted !== "" ? granted.split(" ") : undefined;
}

/**
 * `grants` with what the token endpoint has granted now (RFC 6749 section 5.1: the `scope` of its answer, which may be left
 * out where it is what was asked for). Fewer scopes, or the same ones in another spelling, would else look like no token at
 * all, and cost a token request with every call.
 */
export function withGrant(grants: Grants | undefined, asked: readonly string[], granted: unknown): Grants | undefined {
  const key = keyOf(asked);
  const { [key]: _replaced, ...others } = grants ?? {};
  const came = typeof granted === "string" ? partsOf(granted) : [];
  const ofApi = came.filter((scope) => !openIdScopes.has(scope));
  const isAsAsked = ofApi.length === 0 || partsOf(key).every((scope) => came.includes(scope));
  const all = isAsAsked ? others : { ...others, [key]: ofApi.join(" ") };
  return Object.keys(all).length > 0 ? all : undefined;
}

/** What was asked for and did not come, as it was asked for: a resource before a scope, or none, is no difference. */
export function missingScopes(asked: readonly string[], granted: unknown): readonly string[] {
  if (typeof granted !== "string") return [];
  const came = new Set(partsOf(granted).map(nameOf));
  const isOwed = (scope: string) => !openIdScopes.has(nameOf(scope)) && nameOf(scope) !== ".default";
  return asked.filter((scope) => isOwed(scope) && !came.has(nameOf(scope)));
}

/** `https://graph.microsoft.com/User.Read` and `User.Read` are one scope of the one resource that a token is for. */
function nameOf(scope: string): string {
  return scope.toLowerCase().slice(scope.lastIndexOf("/") + 1);
}

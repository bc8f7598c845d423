/** Where bare scopes such as `User.Read` belong. */
export const graphResource = "https://graph.microsoft.com";

const oidcScopes = new Set(["openid", "profile", "email", "offline_access"]);

/** The scopes asked of one resource. */
export interface ResourceScopes {
  /** The access token's `aud`. */
  readonly resource: string;
  /** The parts after the resource: the access token's `scp`. */
  readonly names: readonly string[];
  /** The scopes as requested. */
  readonly asked: readonly string[];
}

/** A parsed `scope` parameter. */
export interface ScopeRequest {
  readonly oidc: ReadonlySet<string>;
  readonly resources: readonly ResourceScopes[];
  /** Scopes that are neither; Entra answers AADSTS70011. */
  readonly invalid: readonly string[];
}

/**
 * Parses a `scope` parameter as Entra does: `User.Read` belongs to Graph; `api://<id>/<name>`, `https://<host>/<name>`
 * and `<id>/<name>` belong to what is before the last slash.
 */
export function parseScopes(scope: string | undefined): ScopeRequest {
  const all = [...new Set((scope ?? "").split(" ").filter(Boolean))];
  const oidc = new Set(all.filter((each) => oidcScopes.has(each)));
  const byResource = new Map<string, { names: string[]; asked: string[] }>();
  const invalid: string[] = [];
  for (const asked of all.filter((each) => !oidc.has(each))) {
    const split = splitScope(asked);
    if (split === undefined) {
      invalid.push(asked);
      continue;
    }
    const entry = byResource.get(split.resource) ?? { names: [], asked: [] };
    entry.names.push(split.name);
    entry.asked.push(asked);
    byResource.set(split.resource, entry);
  }
  return {
    oidc,
    invalid,
    resources: [...byResource].map(([resource, { names, asked }]) => ({ resource, names, asked })),
  };
}

function splitScope(scope: string): { resource: string; name: string } | undefined {
  const slash = scope.lastIndexOf("/");
  if (slash === -1) return { resource: graphResource, name: scope };
  const resource = scope.slice(0, slash);
  const name = scope.slice(slash + 1);
  return name === "" || !/^([a-z][a-z0-9+.-]*:\/\/)?[^/\s]+(\/[^\s]*)?$/i.test(resource)
    ? undefined
    : { resource, name };
}

/**
 * What an access token is for. `.default` stands for everything granted before. A request without a resource (only
 * `openid`) gets Graph's smallest scope.
 */
export function accessTokenScopes(
  request: ResourceScopes | undefined,
  granted: (resource: string) => readonly string[],
): ResourceScopes {
  const { resource, names, asked } = request ?? { resource: graphResource, names: ["User.Read"], asked: ["User.Read"] };
  if (!names.includes(".default")) return { resource, names, asked };
  const known = granted(resource).filter((name) => name !== ".default");
  const all = known.length > 0 ? known : [resource === graphResource ? "User.Read" : "user_impersonation"];
  return { resource, names: all, asked: fullScopes(resource, all) };
}

/** Scopes as an app requests them: bare for Graph, otherwise after their resource. */
export function fullScopes(resource: string, names: readonly string[]): string[] {
  return names.map((name) => (resource === graphResource ? name : `${resource}/${name}`));
}

/** The token response's `scope`: the resource's scopes as requested and, for Graph, also the OpenID Connect ones. */
export function scopeInResponse({ resource, asked }: ResourceScopes, oidc: ReadonlySet<string>): string {
  const beside = resource === graphResource ? [...oidc].filter((scope) => scope !== "offline_access") : [];
  return [...beside, ...asked].join(" ");
}

/** The scopes without those of these names. */
export function withoutScopes({ resource, names, asked }: ResourceScopes, withheld: readonly string[]): ResourceScopes {
  const isKept = (scope: string) => !withheld.includes(scope.slice(scope.lastIndexOf("/") + 1));
  return { resource, names: names.filter(isKept), asked: asked.filter(isKept) };
}

import { personalTenantId, type Person } from "./people.ts";

/** Who may sign in through an authority: one tenant's people, everybody, or everybody with a work or school account. */
export type Tenant =
  { readonly kind: "single"; readonly id: string } | { readonly kind: "multi"; readonly name: string };

const multiTenantNames = new Set(["common", "organizations"]);

/**
 * Reads the first segment of a path: the GUID of a tenant that somebody belongs to, `common` or `organizations`.
 * Undefined for everything else; `consumers` (personal accounts) is not implemented.
 */
export function findTenant(segment: string, tenantIds: ReadonlySet<string>): Tenant | undefined {
  const name = segment.toLowerCase();
  if (multiTenantNames.has(name)) return { kind: "multi", name };
  return tenantIds.has(name) ? { kind: "single", id: name } : undefined;
}

export function tenantIdsOf(people: readonly Person[], tenantId: string): Set<string> {
  return new Set([tenantId, ...people.map(({ tid }) => tid)]);
}

/** The tenant's segment in paths. */
export function tenantSegment(tenant: Tenant): string {
  return tenant.kind === "single" ? tenant.id : tenant.name;
}

export function mayUse(tenant: Tenant, person: Person): boolean {
  if (tenant.kind === "single") return tenant.id === person.tid;
  return tenant.name === "common" || person.tid !== personalTenantId;
}

/** Whether tokens are issued as by a workforce tenant, or as by Microsoft Entra External ID. */
export interface Issuing {
  readonly instance: string;
  readonly externalId: boolean;
}

/**
 * The issuer of tokens for people of one tenant; `{tenantid}` for the template in multi-tenant discovery. That of External ID
 * has a host of its own for each tenant, whatever host the authority has.
 */
export function issuerOf({ instance, externalId }: Issuing, tenantId: string): string {
  return `${externalId ? `https://${tenantId}.ciamlogin.com/` : instance}${tenantId}/v2.0`;
}

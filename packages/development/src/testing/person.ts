import { randomUUID } from "node:crypto";
import type { IdentityProvider, Person } from "@entra-functions-bff/identity-provider";

/** Somebody for a test to sign in as. */
export interface TestPerson {
  /** Default: "Test Person". */
  readonly name?: string;
  /** Default: a unique one. */
  readonly username?: string;
  /** App roles. */
  readonly roles?: readonly string[];
  /** Object ids of groups, or what Entra says if there are too many for the token. */
  readonly groups?: readonly string[] | "too many";
  /** Further claims of the ID token; those that the option `claims` of `bff()` names are at `session.claims.further`. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** The person with this username, or a new one, as `wanted` describes. */
export function personFor(wanted: string | TestPerson, { people, tenantId, controls }: IdentityProvider): Person {
  if (typeof wanted !== "string") {
    const made = madePerson(wanted, tenantId);
    controls.addPerson(made);
    return made;
  }
  const found = people.find(({ preferredUsername }) => preferredUsername === wanted);
  if (found) return found;
  throw new Error(`Nobody is called ${wanted}; there are ${people.map((each) => each.preferredUsername).join(", ")}`);
}

function madePerson({ name = "Test Person", username, roles, groups, claims }: TestPerson, tid: string): Person {
  const oid = randomUUID();
  const [givenName = name, ...rest] = name.split(" ");
  const preferredUsername = username ?? `${oid}@contoso.example`;
  return {
    oid,
    tid,
    uid: oid,
    utid: tid,
    name,
    givenName,
    surname: rest.join(" "),
    preferredUsername,
    email: preferredUsername,
    ...(roles && { roles }),
    ...(groups && { groups }),
    ...(claims && { claims }),
  };
}

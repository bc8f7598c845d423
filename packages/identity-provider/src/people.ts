/** Somebody who can sign in here. Every name is invented. */
export interface Person {
  /** Object id in the tenant signed in to: the `oid` claim. */
  readonly oid: string;
  /** The tenant signed in to: the `tid` claim. */
  readonly tid: string;
  /** Object id in the home tenant, in lower case. Differs from `oid` for a guest. */
  readonly uid: string;
  /** The home tenant. Differs from `tid` for a guest. */
  readonly utid: string;
  readonly name: string;
  readonly givenName: string;
  readonly surname: string;
  readonly preferredUsername: string;
  readonly email?: string;
  /** App roles: the `roles` claim. */
  readonly roles?: readonly string[];
  /** Object ids of groups: the `groups` claim, or in its place the reference that Entra gives for too many. */
  readonly groups?: readonly string[] | "too many";
  /** Further claims of the ID token, as an app registration asks for them. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** The tenant of the sample people when the caller does not name one. */
export const defaultTenantId = "3f1b7a52-6c0e-4d5b-9a74-0d2c8e51b6af";

/** A second tenant, so that multi-tenant sign-in can be tried. */
export const otherTenantId = "b7e0c1d4-52a9-4f36-8f0e-71c4d9a3e258";

/** The tenant of every personal account (Microsoft). */
export const personalTenantId = "9188040d-6c67-4c5b-b112-36a304b66dad";

/** What MSAL calls `homeAccountId`. */
export function homeAccountId(person: Person): string {
  return `${person.uid}.${person.utid}`;
}

/** The id of a person in a tenant; a guest has another in the home tenant. */
export function accountId(person: Person): string {
  return `${person.oid}.${person.tid}`;
}

/**
 * The people to sign in as: three members and a guest of `tenantId`, and one person of another tenant.
 * One name is not ASCII and one person has no mailbox, because real directories have both. Ada alone has an app role.
 */
export function samplePeople(tenantId: string): readonly Person[] {
  const member = (oid: string, givenName: string, surname: string, alias: string): Person => ({
    oid,
    tid: tenantId,
    uid: oid,
    utid: tenantId,
    name: `${givenName} ${surname}`,
    givenName,
    surname,
    preferredUsername: `${alias}@contoso.example`,
    email: `${alias}@contoso.example`,
  });
  const { email: _none, ...withoutMailbox } = member(
    "5a9c3f6e-2b71-4e0d-8c15-f4d6a7b08e93",
    "Bruno",
    "Castellano",
    "bruno",
  );
  return [
    { ...member("0c2e9d84-7f13-4a6b-b5d8-91e3c7a4f250", "Ada", "Lindqvist", "ada"), roles: ["Orders.Approve"] },
    withoutMailbox,
    member("e81d4b07-3c95-4f2a-a6e0-2d7b59c8f164", "Zoë", "Okonkwo", "zoe"),
    guest(tenantId),
    visitorFromOtherTenant(),
  ];
}

function guest(tenantId: string): Person {
  return {
    oid: "92f7a1c3-d058-4b6e-9e24-c3b8f05d7a61",
    tid: tenantId,
    uid: "4be6d230-81fc-4c79-b3a5-7e09d1f6c482",
    utid: otherTenantId,
    name: "Mika Sørensen (Fabrikam)",
    givenName: "Mika",
    surname: "Sørensen",
    preferredUsername: "mika@fabrikam.example",
    email: "mika@fabrikam.example",
  };
}

function visitorFromOtherTenant(): Person {
  const oid = "d46c08b5-9a3e-47d2-8b1f-5e60c2f9a738";
  return {
    oid,
    tid: otherTenantId,
    uid: oid,
    utid: otherTenantId,
    name: "Priya Raman",
    givenName: "Priya",
    surname: "Raman",
    preferredUsername: "priya@fabrikam.example",
    email: "priya@fabrikam.example",
  };
}

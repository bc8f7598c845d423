import { createHash } from "node:crypto";
import type { Person } from "@entra-functions-bff/identity-provider";
import { defaultTenantId } from "@entra-functions-bff/identity-provider/people";

/** `count` people of the default tenant, with names and ids that are the same in every run. */
export function generatePeople(count: number): readonly Person[] {
  return Array.from({ length: count }, (_, index) => {
    const oid = guidOf(`person ${index}`);
    const alias = `person${index}@contoso.example`;
    const [givenName, surname] = [`Given${index}`, `Surname${index}`];
    return {
      oid,
      tid: defaultTenantId,
      uid: oid,
      utid: defaultTenantId,
      name: `${givenName} ${surname}`,
      givenName,
      surname,
      preferredUsername: alias,
      email: alias,
    };
  });
}

function guidOf(seed: string): string {
  const hex = createHash("sha256").update(seed).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}

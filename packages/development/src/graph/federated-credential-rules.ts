import { badRequest, GraphError } from "./errors.ts";
import { type Check, checkEntity, listOf, nullable, text } from "./checks.ts";
import type { FederatedIdentityCredential } from "./types.ts";

const maxPerApplication = 20;
const noWildcard = (value: string) => (value === "" || value.includes("*") ? "is empty or has a wildcard" : undefined);

const writable: Readonly<Record<string, Check>> = {
  issuer: text(600, noWildcard),
  subject: text(600, noWildcard),
  audiences: listOf(text(600, noWildcard), 1),
  description: nullable(text(600)),
};

/**
 * https://learn.microsoft.com/graph/api/resources/federatedidentitycredential. Whether the issuer and the subject
 * exist is never checked: a mistake shows when the first token is exchanged.
 * @throws {GraphError} 400
 */
export function checkCredentialBody(name: string, body: Readonly<Record<string, unknown>>): void {
  if (!/^[a-z0-9][a-z0-9_-]{2,119}$/i.test(name)) {
    throw invalidCredential(`The name '${name}' must have 3 to 120 letters, digits, dashes or underscores.`);
  }
  checkEntity("FederatedIdentityCredential", body, writable);
}

/** @throws {GraphError} 400, for what is missing in `credential` or collides with the application's `others` */
export function checkCredential(
  credential: FederatedIdentityCredential,
  others: readonly FederatedIdentityCredential[],
): void {
  for (const property of ["issuer", "subject", "audiences"] as const) {
    if (credential[property].length === 0) throw badRequest(`Property ${property} is required.`);
  }
  if (others.some(({ issuer, subject }) => issuer === credential.issuer && subject === credential.subject)) {
    throw invalidCredential(
      `The combination of issuer and subject must be unique for the application. ` +
        `Issuer ${credential.issuer} and Subject: ${credential.subject} already exist.`,
    );
  }
  if (others.length >= maxPerApplication) {
    throw invalidCredential(
      `An application cannot have more than ${maxPerApplication} federated identity credentials.`,
    );
  }
}

function invalidCredential(message: string): GraphError {
  return new GraphError(400, "InvalidFederatedIdentityCredentialValue", message);
}

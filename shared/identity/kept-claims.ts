import { isRecord } from "../core/encoding.ts";
import { ProblemError } from "../core/errors.ts";
import type { KeptClaims } from "./account-claims.ts";

/** As many as Microsoft Entra puts into a token. */
const maxGroups = 200;
/** Every request reads them with the session. */
const maxFurtherBytes = 4_096;

/**
 * Roles and groups of a verified ID token, and the further claims that the app has named.
 * @throws {ProblemError} `session_too_large` for further claims of more than 4 KiB
 */
export function keptClaims(payload: Readonly<Record<string, unknown>>, names: readonly string[]): KeptClaims {
  const roles = texts(payload["roles"]);
  const groups = isOverage(payload) ? "too many" : texts(payload["groups"]);
  const further = Object.fromEntries(
    names.flatMap((name) => (Object.hasOwn(payload, name) ? [[name, payload[name]]] : [])),
  );
  if (Buffer.byteLength(JSON.stringify(further)) > maxFurtherBytes) {
    throw new ProblemError("session_too_large", "The claims that this app keeps of your account are too many.");
  }
  return {
    ...(roles.length > 0 && { roles }),
    ...(groups.length > 0 && { groups }),
    ...(Object.keys(further).length > 0 && { further }),
  };
}

/** The token has a reference instead of the groups: `_claim_names`, or `hasgroups` from an authorization response. */
function isOverage(payload: Readonly<Record<string, unknown>>): boolean {
  const elsewhere = payload["_claim_names"];
  const isReferred = isRecord(elsewhere) && Object.hasOwn(elsewhere, "groups");
  return isReferred || payload["hasgroups"] === true || texts(payload["groups"]).length > maxGroups;
}

function texts(claim: unknown): readonly string[] {
  return Array.isArray(claim) ? claim.filter((value) => typeof value === "string") : [];
}

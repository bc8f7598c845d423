import { isRecord } from "../core/encoding.ts";
import type { GraphAnswer } from "./graph.ts";
import { GraphError } from "./errors.ts";

/** Which of an account's sessions the directory ends. */
export type Verdict =
  | { readonly ends: "nothing" }
  /** The account is disabled or deleted. */
  | { readonly ends: "everything" }
  /** Sessions were revoked: those that began before this time, in milliseconds since the epoch. */
  | { readonly ends: "earlier"; readonly than: number };

/** The properties that decide. */
export const decidingProperties = "accountEnabled,signInSessionsValidFromDateTime";

/** @param answer to a request for one user with the {@link decidingProperties} properties */
export function verdictOnAnswer({ status, body }: GraphAnswer): Verdict {
  if (status === 404 && isUnknownUser(body)) return { ends: "everything" };
  if (status !== 200 || !isRecord(body)) throw new GraphError(status === 200 ? "unreadable" : String(status));
  return verdictOnUser(body);
}

/** Anything may answer 404, a proxy in between for example. Only the directory itself says that it has no such user. */
function isUnknownUser(body: unknown): boolean {
  const { error } = isRecord(body) ? body : {};
  return isRecord(error) && error["code"] === "Request_ResourceNotFound";
}

/** @param user as Microsoft Graph describes it, also among the changes of the directory */
export function verdictOnUser(user: Readonly<Record<string, unknown>>): Verdict {
  const { accountEnabled, signInSessionsValidFromDateTime: validFrom } = user;
  if (user["@removed"] !== undefined || accountEnabled === false) return { ends: "everything" };
  const than = typeof validFrom === "string" ? Date.parse(validFrom) : NaN;
  return Number.isNaN(than) ? { ends: "nothing" } : { ends: "earlier", than };
}

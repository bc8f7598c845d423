import { ProblemError } from "../core/errors.ts";
import type { SessionClaims } from "./session.ts";

/**
 * Lets only people with one of these app roles in, and everybody where none is needed.
 * @throws {ProblemError} `role_required`
 */
export function requireRole({ roles }: Pick<SessionClaims, "roles">, needed: readonly string[] | undefined): void {
  if (needed === undefined || needed.some((role) => roles.includes(role))) return;
  throw new ProblemError("role_required", "Your account has no role that allows this, or had none when you signed in.");
}

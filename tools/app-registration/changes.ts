/**
 * One difference between the registration and what is wanted.
 * - `create`, `add`, `change`: what a run does
 * - `same`: already as wanted
 * - `keep`: not this tool's; left alone
 */
export interface Change {
  readonly status: "create" | "add" | "change" | "same" | "keep";
  /** Such as `redirect URI`. */
  readonly item: string;
  readonly value: string;
  /** The value that `change` replaces. */
  readonly before?: string;
}

export function isWrite({ status }: Change): boolean {
  return status !== "same" && status !== "keep";
}

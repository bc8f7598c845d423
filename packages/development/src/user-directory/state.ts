import { createFaultQueue } from "@entra-functions-bff/stand-in-kit/faults";
import { createGates } from "@entra-functions-bff/stand-in-kit/gates";
import { createDeliverer } from "./delivery.ts";
import type { Subscription } from "./subscriptions.ts";
import { createUsers, type User, type Users } from "./users.ts";

export interface UserDirectoryOptions {
  /** Port on 127.0.0.1; 0 picks a free one. */
  readonly port: number;
  readonly tenantId: string;
  readonly users: readonly Pick<User, "id" | "displayName">[];
  /** The app roles in a bearer token, if it is a good one for this API. */
  readonly rolesIn: (token: string) => Promise<readonly string[] | undefined>;
}

/** Which requests are meant, by method and decoded path with the query. */
export type Match = RegExp;

export interface State {
  url: string;
  readonly tenantId: string;
  readonly rolesIn: UserDirectoryOptions["rolesIn"];
  readonly users: Users;
  readonly subscriptions: Map<string, Subscription>;
  readonly requests: string[];
  readonly deliverer: ReturnType<typeof createDeliverer>;
  readonly faults: ReturnType<typeof createFaultQueue<Match>>;
  readonly gates: ReturnType<typeof createGates<Match>>;
  pageSize: number;
  deltaValidFrom: number;
}

export function createState({ tenantId, users: given, rolesIn }: UserDirectoryOptions): State {
  const users = createUsers();
  const longAgo = new Date(Date.now() - 30 * 24 * 3_600_000).toISOString();
  for (const user of given) users.put({ ...user, accountEnabled: true, signInSessionsValidFromDateTime: longAgo });
  return {
    url: "",
    tenantId,
    rolesIn,
    users,
    subscriptions: new Map(),
    requests: [],
    deliverer: createDeliverer(),
    faults: createFaultQueue(),
    gates: createGates(),
    pageSize: 100,
    deltaValidFrom: 0,
  };
}

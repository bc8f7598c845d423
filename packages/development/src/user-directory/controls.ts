import type { Fault } from "@entra-functions-bff/stand-in-kit/faults";
import type { Gate } from "@entra-functions-bff/stand-in-kit/gates";
import type { DeliveryControls } from "./delivery.ts";
import type { Match, State } from "./state.ts";
import type { Subscription } from "./subscriptions.ts";
import type { Change } from "./users.ts";

export interface UserDirectoryControls {
  readonly delivery: DeliveryControls;
  disable(id: string): void;
  enable(id: string): void;
  /** As `revokeSignInSessions` and a change of password do. @param at ISO 8601; now, unless given */
  revoke(id: string, at?: string): void;
  /** @param forGood otherwise the user could be restored for 30 days */
  remove(id: string, forGood?: boolean): void;
  /** Changes something that concerns nobody's sessions. */
  rename(id: string, displayName: string): void;
  /** Sends a lifecycle notification to every subscription. */
  lifecycle(event: "reauthorizationRequired" | "subscriptionRemoved" | "missed"): void;
  /** Ends all subscriptions, as an administrator or time does. Nobody is told. */
  dropSubscriptions(): void;
  /** State tokens of delta queries that were given until now have expired. */
  expireDelta(): void;
  /** Users on one page of a delta query. Default: 100. */
  pageSize: number;
  failNext(match: Match, fault: Fault, times?: number): void;
  /** Holds matching requests until released. */
  gate(match: Match): Gate;
  clear(): void;
}

export function createControls(state: State): UserDirectoryControls {
  const { users, deliverer } = state;
  return {
    delivery: deliverer.controls,
    disable: (id) => users.change(id, { accountEnabled: false }),
    enable: (id) => users.change(id, { accountEnabled: true }),
    revoke: (id, at = new Date().toISOString()) => users.change(id, { signInSessionsValidFromDateTime: at }),
    remove: (id, forGood = false) => users.remove(id, forGood ? "deleted" : "changed"),
    rename: (id, displayName) => users.change(id, { displayName }),
    lifecycle(lifecycleEvent) {
      for (const each of state.subscriptions.values()) {
        if (each.lifecycleNotificationUrl === null) continue;
        deliverer.deliver(each.lifecycleNotificationUrl, { value: [{ ...about(state, each), lifecycleEvent }] });
      }
    },
    dropSubscriptions: () => state.subscriptions.clear(),
    expireDelta: () => void (state.deltaValidFrom = state.users.changes.length + 1),
    get pageSize() {
      return state.pageSize;
    },
    set pageSize(size) {
      state.pageSize = size;
    },
    failNext: (match, fault, times) => state.faults.failNext(match, fault, times),
    gate: (match) => state.gates.close(match),
    clear: () => state.faults.clear(),
  };
}

/** Ids only, no properties: an app without `includeResourceData` learns that something has changed, not what. */
export function notify(state: State, { id, removed }: Change): void {
  const changeType = removed === "deleted" ? "deleted" : "updated";
  for (const each of state.subscriptions.values()) {
    if (!each.changeType.split(",").includes(changeType) || Date.parse(each.expirationDateTime) < Date.now()) continue;
    const resource = `Users/${id}`;
    const resourceData = {
      "@odata.type": "#Microsoft.Graph.User",
      "@odata.id": resource,
      id,
      organizationId: state.tenantId,
    };
    state.deliverer.deliver(each.notificationUrl, {
      value: [{ ...about(state, each), changeType, resource, resourceData }],
    });
  }
}

function about({ tenantId }: State, { id, expirationDateTime, clientState }: Subscription): object {
  return { subscriptionId: id, subscriptionExpirationDateTime: expirationDateTime, tenantId, clientState };
}

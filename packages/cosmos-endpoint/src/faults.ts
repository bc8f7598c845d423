import {
  type FaultTarget,
  type Intervention,
  type Interruption,
  type Rule,
  type When,
  createIntervention,
} from "./fault-rules.ts";
import { type OperationKind, isOfKind } from "./operation-log.ts";
import { type Answer, CosmosError, Substatus, codeOf, errorAnswer } from "./responses.ts";

export type { FaultTarget, When };

/** Every given property must match. Without `kind`, it matches operations on documents, not metadata. */
export interface FaultMatch {
  readonly kind?: OperationKind | readonly OperationKind[];
  readonly container?: string;
  readonly id?: string;
  readonly predicate?: (target: FaultTarget) => boolean;
}

/**
 * What goes wrong:
 * - `status`: this status is answered, before anything is done or, with `afterCommit`, after it was done
 * - `reset`: the connection is reset
 * - `delay`: the request waits and is then served as usual
 * - `hang`: no answer until the fault is removed; then the connection is reset. Nothing is done when `before`
 * - `garbage`: status 200 with a body that is not JSON
 *
 * `when` is "before" unless given.
 */
export type Fault =
  | {
      readonly type: "status";
      readonly status: number;
      readonly afterCommit?: boolean;
      /** Milliseconds, sent as `x-ms-retry-after-ms`. */
      readonly retryAfterMs?: number;
      readonly substatus?: number;
      readonly body?: string;
    }
  | { readonly type: "reset"; readonly when: When }
  | { readonly type: "delay"; readonly ms: number; readonly when?: When }
  | { readonly type: "hang"; readonly when?: When }
  | { readonly type: "garbage"; readonly when: When };

/** An injected fault. */
export interface FaultHandle {
  /** How many requests it has affected. */
  readonly hits: number;
  /** Resolves when it has affected `count` requests. Rejects if it is removed first. */
  reached(count: number): Promise<void>;
  /** It affects no further request. Requests that it holds continue; after a hang, they are cut. */
  remove(): void;
}

/** A gate holds requests until the test releases them, one by one in the order of their arrival. */
export interface Gate {
  /** Resolves when `count` requests (default 1) have arrived since the gate was made. Rejects when it is removed first. */
  reached(count?: number): Promise<void>;
  /** Requests held right now. */
  readonly held: number;
  /** Releases the request that has been held longest. @throws Error when none is held */
  release(): void;
  /** Releases every held request and holds no more. */
  releaseAll(): void;
}

/**
 * Faults on demand, for tests. Rules are tried in the order in which they were added, and several can affect one
 * request.
 */
export interface Faults {
  /** `times`: how many requests it affects, default 1. */
  add(rule: { match: FaultMatch; times?: number; fault: Fault }): FaultHandle;
  /** `times`: how many requests it holds, default 1. */
  gate(rule: { match: FaultMatch; times?: number; when: When }): Gate;
  /** Removes every fault and gate. */
  clear(): void;
}

/** The faults of one endpoint and what its request handling asks of them. */
export function createFaults(): { faults: Faults; intervention: Intervention } {
  const intervention = createIntervention();
  const faults: Faults = {
    add({ match, times = 1, fault }) {
      return intervention.add({ fits: fitting(match), times, when: momentOf(fault), ...effectOf(fault) });
    },
    gate({ match, times = 1, when }) {
      const rule = intervention.add({ fits: fitting(match), times, when, holds: true });
      return {
        reached: (count = 1) => rule.reached(count),
        get held() {
          return rule.held;
        },
        release: () => {
          rule.release();
        },
        releaseAll: () => {
          rule.remove();
        },
      };
    },
    clear: () => {
      intervention.clear();
    },
  };
  return { faults, intervention };
}

function fitting({ kind, container, id, predicate }: FaultMatch): (target: FaultTarget) => boolean {
  return (target) =>
    isOfKind(target.kind, kind) &&
    (container ?? target.container) === target.container &&
    (id ?? target.id) === target.id &&
    (predicate?.(target) ?? true);
}

function momentOf(fault: Fault): When {
  if (fault.type === "status") return fault.afterCommit === true ? "after" : "before";
  return fault.when ?? "before";
}

function effectOf(fault: Fault): Pick<Rule, "holds" | "holdMs" | "interruption"> {
  if (fault.type === "delay") return { holds: true, holdMs: fault.ms };
  if (fault.type === "hang") return { holds: true, interruption: { fault: "hang" } };
  if (fault.type === "reset") return { interruption: { fault: "reset" } };
  if (fault.type === "garbage") return { interruption: { fault: "garbage", answer: GARBAGE } };
  return { interruption: statusInterruption(fault) };
}

const GARBAGE: Answer = { status: 200, headers: {}, body: "<!doctype html><title>This is not JSON</title>" };

function statusInterruption(fault: Extract<Fault, { type: "status" }>): Interruption {
  const { status, retryAfterMs, body, substatus = status === 429 ? Substatus.throttled : undefined } = fault;
  const error = errorAnswer(new CosmosError(status, `Injected fault: ${codeOf(status)}.`, substatus));
  const retryAfter = retryAfterMs === undefined ? {} : { "x-ms-retry-after-ms": String(retryAfterMs) };
  return {
    fault: "status",
    answer: { ...error, headers: { ...error.headers, ...retryAfter }, body: body ?? error.body },
  };
}

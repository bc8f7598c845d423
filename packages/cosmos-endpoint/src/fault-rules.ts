import type { OperationKind } from "./operation-log.ts";
import type { Answer, JsonObject } from "./responses.ts";

/** The request that a fault may affect. */
export interface FaultTarget {
  readonly kind: OperationKind;
  readonly database: string;
  readonly container: string;
  /** The document's id; "" for metadata. */
  readonly id: string;
  /** The new document of a write. */
  readonly document?: JsonObject;
}

/** Before the store is touched, or after the operation is committed and before its answer is sent. */
export type When = "before" | "after";

/** What replaces the store's answer. Without an answer, the connection is cut. */
export interface Interruption {
  readonly fault: string;
  readonly answer?: Answer;
  /** Resolves when the connection is to be cut; absent to cut it at once. */
  readonly until?: Promise<unknown>;
}

/** What happens to which requests: they are held, interrupted, or both, in this order. */
export interface Rule {
  readonly fits: (target: FaultTarget) => boolean;
  readonly when: When;
  readonly times: number;
  readonly holds?: boolean;
  /** Milliseconds after which a held request goes on by itself. */
  readonly holdMs?: number;
  readonly interruption?: Interruption;
}

/** A rule in force. */
export interface ActiveRule {
  readonly hits: number;
  readonly held: number;
  /** Resolves when `count` requests have arrived. Rejects when the rule is removed first. */
  reached(count: number): Promise<void>;
  release(): void;
  remove(): void;
}

/** The rules of one endpoint, and what they do to a request. */
export interface Intervention {
  add(rule: Rule): ActiveRule;
  /** Resolves to undefined when the request may continue, after whatever held it. */
  intervene(target: FaultTarget, when: When): Promise<Interruption | undefined>;
  clear(): void;
  /** Like `clear`, but held requests are cut off, because the store is about to be closed. */
  stop(): void;
}

interface RuleState extends ActiveRule {
  readonly applies: (target: FaultTarget, when: When) => boolean;
  /** Resolves when the request is released, to true if it is to be cut off. */
  meet(): Promise<boolean>;
  end(isCut: boolean): void;
  readonly rule: Rule;
}

interface Waiter {
  readonly count: number;
  resolve(): void;
  reject(error: Error): void;
}

const CUT_BY_STOP: Interruption = { fault: "stop" };

/** No rules yet. */
export function createIntervention(): Intervention {
  const rules = new Set<RuleState>();

  function endAll(isCut: boolean): void {
    for (const state of rules) state.end(isCut);
    rules.clear();
  }

  return {
    add(rule) {
      const state = createRuleState(rule, () => rules.delete(state));
      rules.add(state);
      return state;
    },
    async intervene(target, when) {
      // Looked up again after every wait, because rules may have changed while the request was held.
      const met = new Set<RuleState>();
      for (;;) {
        const state = [...rules].find((candidate) => !met.has(candidate) && candidate.applies(target, when));
        if (state === undefined) return undefined;
        met.add(state);
        const released = state.meet();
        if (state.rule.interruption !== undefined) return { ...state.rule.interruption, until: released };
        if (await released) return CUT_BY_STOP;
      }
    },
    clear: () => {
      endAll(false);
    },
    stop: () => {
      endAll(true);
    },
  };
}

function createRuleState(rule: Rule, forget: () => void): RuleState {
  let hits = 0;
  let isOver = false;
  const heldRequests: ((isCut: boolean) => void)[] = [];
  const waiters: Waiter[] = [];

  async function hold(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    heldRequests.push(resolve);
    if (rule.holdMs === undefined) return promise;
    const timer = setTimeout(() => {
      heldRequests.splice(heldRequests.indexOf(resolve), 1);
      resolve(false);
    }, rule.holdMs);
    const isCut = await promise;
    clearTimeout(timer);
    return isCut;
  }

  function end(isCut: boolean): void {
    isOver = true;
    for (const letGo of heldRequests.splice(0)) letGo(isCut);
    for (const waiter of waiters.splice(0)) waiter.reject(neverReached(hits, waiter.count));
  }

  return {
    rule,
    get hits() {
      return hits;
    },
    get held() {
      return heldRequests.length;
    },
    applies: (target, when) => !isOver && hits < rule.times && rule.when === when && rule.fits(target),
    async meet() {
      hits += 1;
      const released = rule.holds === true ? hold() : false;
      for (const waiter of waiters) if (hits >= waiter.count) waiter.resolve();
      const isCut = await released;
      if (hits >= rule.times && heldRequests.length === 0) forget();
      return isCut;
    },
    reached(count) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (hits >= count) resolve();
      else if (isOver) reject(neverReached(hits, count));
      else waiters.push({ count, resolve, reject });
      return promise;
    },
    release() {
      const letGo = heldRequests.shift();
      if (letGo === undefined) throw new Error("No request is held at this gate.");
      letGo(false);
    },
    remove() {
      end(false);
      forget();
    },
    end,
  };
}

function neverReached(hits: number, count: number): Error {
  return new Error(`${hits} of ${count} requests had reached the gate when it was removed.`);
}

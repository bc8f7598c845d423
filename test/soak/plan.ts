import type { Fault as StoreFault, OperationKind } from "@entra-functions-bff/cosmos-endpoint";
import type { Fault as TokenFault } from "@entra-functions-bff/identity-provider";
import type { Random } from "./random.ts";

/** Where and how a person leaves. */
export type WayOut =
  | "app"
  | "app_and_provider"
  | "app_everywhere"
  | "provider_page"
  | "second_app"
  | "front_channel"
  | "back_channel"
  | "back_channel_subject"
  | "list_one"
  | "list_all"
  | "administrator";

export type Action =
  | { readonly kind: "sign_in"; readonly asSomebodyElse: boolean }
  | { readonly kind: "call" }
  | { readonly kind: "burst"; readonly calls: number }
  | { readonly kind: "me" }
  | { readonly kind: "old_cookie" }
  | { readonly kind: "forget_cookie" }
  | { readonly kind: "sign_out"; readonly way: WayOut }
  /** Signing in in one tab of a browser and out in another, at once. */
  | { readonly kind: "two_tabs"; readonly way: WayOut }
  /** One of the sign-outs that the app has left for later is carried out. */
  | { readonly kind: "finish" }
  | { readonly kind: "expire" }
  | { readonly kind: "revoke" };

/** What goes wrong from a step on, for whoever it meets. */
export interface Trouble {
  readonly store?: {
    readonly kind: OperationKind | undefined;
    readonly container: "accounts" | "sids" | undefined;
    readonly fault: StoreFault;
    readonly times: number;
  };
  readonly token?: { readonly fault: TokenFault; readonly when: "before" | "after" };
  /** Of access tokens, from now on. */
  readonly lifetimeSeconds?: number;
  /** Whether refresh tokens work once, from now on. */
  readonly rotation?: boolean;
}

export interface Step {
  readonly action: Action;
  /** The instance that the load balancer picks, as a number to be taken modulo the instances. */
  readonly instance: number;
  readonly pauseMs: number;
  readonly trouble: Trouble;
  /** Whether the store takes nothing for the account while this is done: a sign-out has to wait. */
  readonly isDuringOutage: boolean;
  /** From 0 to below 1: picks among what there is when the step is taken. */
  readonly choice: number;
}

/** One list of steps for each browser. The same seed gives the same lists; how they interleave is up to the machine. */
export function planFor(random: Random, shape: { browsers: number; operations: number }): readonly (readonly Step[])[] {
  const steps: Step[][] = Array.from({ length: shape.browsers }, () => []);
  for (let count = 0; count < shape.operations; count++) steps[count % shape.browsers]?.push(stepOf(random));
  return steps;
}

function stepOf(random: Random): Step {
  const action = actionOf(random);
  return {
    action,
    instance: random.below(60),
    pauseMs: random.chance(0.3) ? random.below(40) : 0,
    trouble: troubleOf(random),
    isDuringOutage: action.kind === "sign_out" && random.chance(0.2),
    choice: random.next(),
  };
}

function actionOf(random: Random): Action {
  const kind = random.weighted({
    sign_in: 6,
    call: 40,
    burst: 8,
    me: 8,
    old_cookie: 8,
    forget_cookie: 4,
    sign_out: 18,
    two_tabs: 6,
    finish: 3,
    expire: 2,
    revoke: 1,
  });
  if (kind === "sign_in") return { kind, asSomebodyElse: random.chance(0.15) };
  if (kind === "burst") return { kind, calls: 2 + random.below(5) };
  if (kind === "sign_out" || kind === "two_tabs") return { kind, way: wayOutOf(random) };
  return { kind };
}

function wayOutOf(random: Random): WayOut {
  return random.weighted({
    app: 4,
    app_and_provider: 4,
    app_everywhere: 1,
    provider_page: 3,
    second_app: 3,
    front_channel: 3,
    back_channel: 2,
    back_channel_subject: 1,
    list_one: 4,
    list_all: 1,
    administrator: 1,
  });
}

function troubleOf(random: Random): Trouble {
  return {
    ...(random.chance(0.12) && { store: storeTrouble(random) }),
    ...(random.chance(0.04) && { token: tokenTrouble(random) }),
    // 300 and below: each call renews. Slightly above: the next one does.
    ...(random.chance(0.1) && { lifetimeSeconds: random.pick([60, 60, 301, 302, 3600]) }),
    ...(random.chance(0.03) && { rotation: random.chance(0.5) }),
  };
}

const writes = ["create", "replace", "delete"] as const;

function storeTrouble(random: Random): NonNullable<Trouble["store"]> {
  return {
    kind: random.chance(0.5) ? undefined : random.pick(writes),
    container: random.chance(0.4) ? undefined : random.pick(["accounts", "sids"] as const),
    fault: random.pick(storeFaults)(random),
    // Five attempts are made: a long streak is an outage for somebody.
    times: random.chance(0.15) ? 6 : 1 + random.below(2),
  };
}

const storeFaults: readonly ((random: Random) => StoreFault)[] = [
  (random) => ({ type: "status", status: 429, retryAfterMs: random.below(30) }),
  () => ({ type: "status", status: 449 }),
  () => ({ type: "status", status: 503 }),
  (random) => ({ type: "status", status: 503, afterCommit: random.chance(0.5) }),
  () => ({ type: "status", status: 408, afterCommit: true }),
  () => ({ type: "reset", when: "before" }),
  () => ({ type: "reset", when: "after" }),
  () => ({ type: "garbage", when: "after" }),
  (random) => ({ type: "delay", ms: 20 + random.below(200), when: "before" }),
  (random) => ({ type: "delay", ms: 20 + random.below(200), when: "after" }),
];

function tokenTrouble(random: Random): NonNullable<Trouble["token"]> {
  const fault = random.pick<TokenFault>([
    { type: "status", status: 503 },
    { type: "reset" },
    { type: "garbage" },
    { type: "delay", ms: 150 },
  ]);
  return { fault, when: random.pick(["before", "after"] as const) };
}

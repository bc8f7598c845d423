import { setImmediate as turn } from "node:timers/promises";
import { withSessions } from "../../../shared/account/change-account.ts";
import type { Fault, FaultMatch } from "@entra-functions-bff/cosmos-endpoint";
import type { World } from "../../support/world.ts";
import { neighbourKey, neighbourSession } from "./stage.ts";

export type Kind = "read" | "create" | "replace" | "delete";
export type Container = "accounts" | "sids";

/** One request of the app at the store, and the account that it is about. */
export interface Target {
  readonly world: World;
  readonly kind: Kind;
  readonly container: Container;
  readonly id: string;
  /** Whether a write of this document is the one that is meant. */
  readonly isOwn: (written: Readonly<Record<string, unknown>>) => boolean;
  readonly accountKey: string;
  /** How many such requests go through before the fault. */
  readonly skip: number;
}

export type Duration = "once" | "lasting";

/** A fault in force. */
export interface InForce {
  /** Whether a request has met it; resolves as soon as that is known, at the latest when it ends. */
  readonly met: Promise<boolean>;
  /** Ends it, and lets late requests arrive. */
  end(): Promise<void>;
}

/** Something that goes wrong between the app and its store. */
export interface StoreFault {
  readonly name: string;
  /** The operations that it can meet. */
  readonly kinds: readonly Kind[];
  readonly durations: readonly Duration[];
  /** Whether it is another request's doing, rather than the store's. */
  readonly isRival: boolean;
  /** Whether there is no answer at all, for as long as somebody waits. */
  readonly isSilent: boolean;
  /** Whether what was asked for is done, then or later, although the app does not hear of it. */
  readonly isWritten: boolean;
  /** Whether it is done after the caller has had an answer. */
  readonly isLate: boolean;
  /** For people. */
  readonly description: string;
  inject(target: Target, duration: Duration): InForce;
}

const all: readonly Kind[] = ["read", "create", "replace", "delete"];
const writes: readonly Kind[] = ["create", "replace", "delete"];
const changes: readonly Kind[] = ["replace", "delete"];
const both: readonly Duration[] = ["once", "lasting"];

/** Asks for a wait that is worth waiting for, and short enough for hundreds of tests. */
const retryAfterMs = 200;

/** What other requests write. */
export const rivalWriteId = "rival";
const deleted = "deleted (404)";
const written = (of: string) => `The same, but after the store has carried out the request: ${of}.`;

export const storeFaults: readonly StoreFault[] = [
  trouble("429", "Too many requests; retry after 0.2 s.", all, { type: "status", status: 429, retryAfterMs }),
  trouble("449", "Retry with: two writes of one document met.", all, { type: "status", status: 449 }),
  trouble("503", "Service unavailable.", all, { type: "status", status: 503 }),
  trouble("503, written", written("the write is there"), writes, { type: "status", status: 503, afterCommit: true }),
  trouble("408", "Request timeout, said by the store.", all, { type: "status", status: 408 }),
  trouble("404 of the container", "The container is missing, or a replica behind (substatus 1003).", all, {
    type: "status",
    status: 404,
    substatus: 1003,
  }),
  trouble("silence", "No answer, however long the caller waits.", all, { type: "hang" }),
  trouble("silence, written", written("nobody is told"), writes, { type: "hang", when: "after" }),
  {
    ...kindOf("late", "Reaches the store only after the caller has had an answer.", writes),
    isSilent: true,
    isWritten: true,
    isLate: true,
    inject: holdBack,
  },
  trouble("reset", "The connection is reset.", all, { type: "reset", when: "before" }),
  trouble("reset, written", written("the answer is lost"), writes, { type: "reset", when: "after" }),
  trouble("garbage", "Status 200 and a page instead of JSON.", all, { type: "garbage", when: "before" }),
  trouble("garbage, written", written("the answer cannot be read"), writes, { type: "garbage", when: "after" }),
  rival("changed (412)", "Another request changes the document first. Lasting: again and again.", changes, change, 412),
  rival(
    "created (409)",
    "Another request creates the document first. Lasting: again and again.",
    ["create"],
    create,
    409,
  ),
  rival(deleted, "Another request deletes the document first.", ["read", "replace", "delete"], remove),
];

/** Whether the fault can happen to the operation. */
export function canMeet(
  { name, kinds, isRival }: StoreFault,
  operation: { kind: Kind; container: Container; findsNothing?: boolean; isLasting?: boolean },
): boolean {
  if (operation.isLasting && name === deleted) return false;
  // Entries of the index are deleted by their time to live alone, which is never before that of their session.
  const isThere = operation.findsNothing !== true && !(operation.kind === "read" && operation.container === "sids");
  return kinds.includes(operation.kind) && (isThere || !isRival);
}

function kindOf(name: string, description: string, kinds: readonly Kind[]) {
  return { name, description, kinds, durations: both, isRival: false, isLate: false };
}

/** The store's own. */
function trouble(name: string, description: string, kinds: readonly Kind[], fault: Fault): StoreFault {
  return {
    ...kindOf(name, description, kinds),
    isSilent: fault.type === "hang",
    isWritten: name.endsWith("written"),
    inject: (target, duration) => strike(target, duration, fault),
  };
}

function strike(target: Target, duration: Duration, fault: Fault): InForce {
  const handle = target.world.cosmos.faults.add({ match: matching(target), times: timesOf(duration), fault });
  return {
    met: isReached(handle.reached(1)),
    async end() {
      handle.remove();
      await turn();
    },
  };
}

async function isReached(reached: Promise<void>): Promise<boolean> {
  return reached.then(
    () => true,
    () => false,
  );
}

/** Another request gets in between: it does what it does while this one is held, or again and again. */
function rival(
  name: string,
  description: string,
  kinds: readonly Kind[],
  act: (target: Target) => Promise<unknown>,
  lastingStatus?: number,
): StoreFault {
  return {
    ...kindOf(name, description, kinds),
    durations: lastingStatus === undefined ? ["once"] : both,
    isRival: true,
    isSilent: false,
    isWritten: false,
    inject(target, duration) {
      if (duration === "lasting") return strike(target, duration, { type: "status", status: lastingStatus ?? 0 });
      const gate = target.world.cosmos.faults.gate({ match: matching(target), when: "before" });
      const met = isReached(gate.reached());
      const interfere = async () => {
        if (await met) await act(target);
        gate.releaseAll();
      };
      const done = interfere();
      // Whoever ends it hears of what went wrong.
      done.catch(() => undefined);
      return {
        met,
        async end() {
          gate.releaseAll();
          await done;
        },
      };
    },
  };
}

/** Requests that the app gives up, and that reach the store when nobody waits for them any more. */
function holdBack(target: Target, duration: Duration): InForce {
  const gate = target.world.cosmos.faults.gate({
    match: matching(target),
    times: timesOf(duration),
    when: "before",
  });
  return {
    met: isReached(gate.reached()),
    async end() {
      gate.releaseAll();
      await turn();
    },
  };
}

function timesOf(duration: Duration): number {
  return duration === "once" ? 1 : Number.MAX_SAFE_INTEGER;
}

function matching({ kind, container, id, skip, isOwn }: Target): FaultMatch {
  // The same request may be looked at several times.
  const passed = new Set<object>();
  const predicate: FaultMatch["predicate"] = (request) => {
    if (request.document && !isOwn(request.document)) return false;
    if (passed.size < skip) passed.add(request);
    return !passed.has(request);
  };
  return { kind, container, id, predicate };
}

async function change({ world, container, id }: Target): Promise<void> {
  const item = world[container].item(id, id);
  for (let isDone = false; !isDone;) {
    const { resource, etag } = await item.read<{ id: string }>();
    if (!resource) return;
    const accessCondition = { type: "IfMatch", condition: etag };
    isDone = await item.replace({ ...resource, writeId: rivalWriteId }, { accessCondition }).then(
      () => true,
      (error: unknown) => {
        // Other tries write the same document.
        if ((error as { code?: unknown }).code === 412) return false;
        throw error;
      },
    );
  }
}

async function remove({ world, container, id }: Target): Promise<void> {
  await world[container].item(id, id).delete();
}

/** A sign-in in another browser, or in another tab under the same `sid`. */
async function create({ world, container, id, accountKey }: Target): Promise<void> {
  const account = withSessions(
    id,
    { [neighbourKey]: neighbourSession },
    { lifetimes: { idleTimeoutMinutes: 60 }, clock: Date },
  );
  const entry = { id, accountKey, sessionKey: neighbourKey, signedOutAt: null, ttl: 3600 };
  await world[container].items.create({ ...(container === "accounts" ? account : entry), writeId: rivalWriteId });
}

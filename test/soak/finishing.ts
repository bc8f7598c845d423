import { isSignOutOrder } from "../../shared/sign-out/queue-message.ts";
import type { SignOutOrder } from "../../shared/sign-out/order.ts";
import type { Person } from "@entra-functions-bff/identity-provider";
import type { FinishEntry } from "./history.ts";
import { timed, type Stage } from "./stage.ts";

/** Begins to carry out the oldest sign-out that the app has left for later, if there is one. */
export function beginFinish(stage: Stage): void {
  const order = stage.world.deferred[stage.finishedOrders];
  if (order === undefined) return;
  stage.finishedOrders++;
  stage.finishing.push(finish(stage, order));
}

/**
 * When nothing goes wrong any more: carries out all that is left, what could not be carried out before, and the others a
 * second time, as queues may.
 */
export async function finishAll(stage: Stage): Promise<void> {
  await Promise.all(stage.finishing);
  stage.finishing.length = 0;
  await Promise.all(stage.world.deferred.map((order) => finish(stage, order)));
}

async function finish(stage: Stage, order: unknown): Promise<void> {
  if (!isSignOutOrder(order)) throw new Error(`The app left what is no order: ${JSON.stringify(order)}`);
  const { result, span } = await timed(() => stage.finisher.carryOut(order));
  const [sid, account] = whatItIsAbout(stage, order);
  // Of a sign-in that never came to the app.
  if (account === undefined) return;
  const entry: FinishEntry = {
    kind: "finish",
    ...span,
    account,
    reach: order.reach,
    session: order.sessionKey ?? undefined,
    sid,
    requestedAt: order.requestedAt === null ? span.to : Date.parse(order.requestedAt),
    acknowledged: result === "done",
  };
  stage.entries.push(entry);
}

function whatItIsAbout(stage: Stage, order: SignOutOrder): [sid: string | undefined, account: string | undefined] {
  const { accountKey, sidKey, subjectKey } = order;
  const [sid, accountOfSid] = [...stage.sids].find(([each]) => stage.sidKeyOf(each) === sidKey) ?? [];
  const { people } = stage.world.identityProvider;
  const isIt = (person: Person) => stage.subjectKeyOf(stage.subjectOf(person)) === subjectKey;
  const person = subjectKey === null ? undefined : people.find(isIt);
  return [sid, accountKey ?? accountOfSid ?? (person && stage.accountOf(person))];
}

import assert from "node:assert/strict";
import { accountDocument } from "../../../support/store.ts";
import { putAside } from "../judge.ts";
import type { Journey, Scene, StoreOperation } from "../scene.ts";
import type { Stage } from "../stage.ts";
import { accountInWords, sidInWords } from "../words.ts";

const readAccount: StoreOperation = { kind: "read", container: "accounts" };
const deleteAccount: StoreOperation = { kind: "delete", container: "accounts" };
const markSid: readonly StoreOperation[] = [
  { kind: "read", container: "sids" },
  { kind: "replace", container: "sids" },
];

/** What was left for later. Nobody waits: "put aside" is the poison queue, after the last attempt of several. */
export const queued: readonly Journey[] = [
  {
    title: "Finishing a sign-out from the queue",
    what: "The function `finish-sign-outs`, with an order that names the `sid`, which is marked first.",
    operations: [...markSid, readAccount, deleteAccount],
    setUp: (stage) => finishing(stage, "sid"),
  },
  {
    title: "Finishing a sign-out by subject from the queue",
    what: "The same, with an order from a logout token that names no `sid`.",
    operations: [...markSid, readAccount, deleteAccount],
    setUp: (stage) => finishing(stage, "subject"),
  },
];

async function finishing(stage: Stage, by: "sid" | "subject"): Promise<Scene> {
  const own = await stage.seed({ neighbour: true });
  // To the index a subject is an entry like any other.
  const { accountKey, sidKey } = own;
  const asked = { accountKey: null, sessionKey: null, requestedAt: new Date().toISOString() };
  const order =
    by === "sid"
      ? { ...asked, origin: "front_channel", sidKey, subjectKey: null, reach: "scope" }
      : { ...asked, origin: "back_channel", sidKey: null, subjectKey: sidKey, reach: "account" };
  return {
    accountKey,
    idOf: ({ container }) => (container === "sids" ? sidKey : accountKey),
    act: async () => ({ seen: (await stage.finisher?.carryOut(order)) === "done" ? "done" : putAside }),
    async stored() {
      const words = [accountInWords(stage.world, accountKey, { own }), sidInWords(stage.world, sidKey, accountKey)];
      return (await Promise.all(words)).join("; ");
    },
    async verify({ seen }) {
      if (seen !== "done") return;
      assert.equal(await accountDocument(stage.world, accountKey), undefined, "counted as done, and not done");
    },
  };
}

import assert from "node:assert/strict";
import { accountDocument } from "../../../support/store.ts";
import { putAside } from "../judge.ts";
import type { Journey, Scene, StoreOperation } from "../scene.ts";
import type { Stage } from "../stage.ts";
import { accountInWords, sidInWords } from "../words.ts";

const readAccount: StoreOperation = { kind: "read", container: "accounts" };
const deleteAccount: StoreOperation = { kind: "delete", container: "accounts" };
const readSid: StoreOperation = { kind: "read", container: "sids" };

/** What was left for later. Nobody waits: "put aside" is the poison queue, after the last attempt of several. */
export const queued: readonly Journey[] = [
  {
    title: "Finishing a sign-out from the queue",
    what: "The function `finish-sign-out`, with an order that names the `sid`.",
    operations: [readSid, readAccount, deleteAccount],
    setUp: finishing,
  },
];

async function finishing(stage: Stage): Promise<Scene> {
  const own = await stage.seed({ neighbour: true });
  const { accountKey, sidKey } = own;
  const order = {
    origin: "front_channel",
    accountKey: null,
    sessionKey: null,
    sidKey,
    subjectKey: null,
    reach: "scope",
    requestedAt: new Date().toISOString(),
  };
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

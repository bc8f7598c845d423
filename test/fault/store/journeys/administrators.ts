import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { notBeforeId, type NotBeforeDocument } from "../../../../shared/account/not-before.ts";
import type { Answer } from "../../../support/http-client.ts";
import { serviceHeaders } from "../../../support/service.ts";
import { accountDocument } from "../../../support/store.ts";
import { rivalWriteId } from "../faults.ts";
import { outcomeOf, type Journey, type Scene, type StoreOperation } from "../scene.ts";
import { neighbourKey, type Seeded, type Stage } from "../stage.ts";
import { accountInWords } from "../words.ts";
import { endingNeighbour, entryOfSession, leaving } from "./sign-outs.ts";

const readAccount: StoreOperation = { kind: "read", container: "accounts" };
const deleteAccount: StoreOperation = { kind: "delete", container: "accounts" };
const entry = { container: "sids", of: entryOfSession } as const;

/** What services and administrators do to other people's sessions. */
export const byAdministrators: readonly Journey[] = [
  {
    title: "Listing a person's sessions, for a service",
    what: "`GET /auth/accounts/{accountId}/sessions`.",
    operations: [readAccount],
    setUp: listing,
  },
  {
    title: "Ending one of a person's sessions, for a service",
    what: "`DELETE /auth/accounts/{accountId}/sessions/{id}`. Ending all of them is purging.",
    operations: [readAccount, { kind: "replace", container: "accounts" }],
    setUp: (stage) => endingNeighbour(stage, (own) => ask(stage, own, "DELETE", `sessions/${neighbourKey}`)),
  },
  {
    title: "Erasing an account, for a service",
    what: "`DELETE /auth/accounts/{accountId}/records`: like purging, but the entries of the account's sessions are read before that, and deleted after it. If only that fails, they stay until their time to live ends.",
    operations: [readAccount, { kind: "read", ...entry }, deleteAccount, { kind: "delete", ...entry }],
    setUp: (stage) =>
      leaving(stage, { neighbour: true }, (own) => ask(stage, own, "DELETE", "records"), {
        withSid: true,
        ofPerson: true,
      }),
  },
  {
    title: "Signing a tenant out",
    what: "`PUT /auth/not-before/{tenantId}`. Signing everybody out, and taking either back, make the same write.",
    operations: [{ kind: "replace", container: "sids", isLasting: true }],
    setUp: signingTenantOut,
  },
];

async function ask({ world }: Stage, own: Seeded, method: string, what: string): Promise<Answer> {
  const target = `/auth/accounts/${own.homeAccountId}/${what}`;
  return world.client().fetch(target, { method, headers: await serviceHeaders(world) });
}

async function listing(stage: Stage): Promise<Scene> {
  const own = await stage.seed({ neighbour: true });
  const { accountKey } = own;
  return {
    accountKey,
    idOf: () => accountKey,
    act: async () => outcomeOf(await ask(stage, own, "GET", "sessions")),
    stored: () => accountInWords(stage.world, accountKey, { own }),
    async verify({ answer }) {
      if (answer?.status !== 200) return;
      const { sessions = {} } = (await accountDocument(stage.world, accountKey)) ?? {};
      const listed = answer.json()["sessions"] as { readonly id: string }[];
      assert.deepEqual(listed.map(({ id }) => id).toSorted(), Object.keys(sessions).toSorted());
    },
  };
}

/** All tries write one document, each for a tenant of its own in which nobody is. */
async function signingTenantOut({ world }: Stage): Promise<Scene> {
  const tenantId = randomUUID();
  const document = { id: notBeforeId, everybody: null, tenants: {}, ttl: 3600, writeId: "seed" };
  await world.sids.items.create(document).catch(() => undefined);
  const headers = { "x-functions-key": world.platform.administratorKey };
  const signOut = async () => world.client().fetch(`/auth/not-before/${tenantId}`, { method: "PUT", headers });
  let isKnown = false;
  const isOut = async () => {
    const { resource } = await world.sids.item(notBeforeId, notBeforeId).read<NotBeforeDocument>();
    return resource !== undefined && Object.hasOwn(resource.tenants, tenantId);
  };
  return {
    accountKey: "",
    idOf: () => notBeforeId,
    // Whoever writes puts its own tenant last, except for a rival.
    isOwn: ({ tenants, writeId }) => writeId !== rivalWriteId && Object.keys(tenants as object).at(-1) === tenantId,
    async act() {
      const answer = await signOut();
      isKnown = answer.status === 200;
      return outcomeOf(answer);
    },
    // Others write the document all the time, so that one that is not answered may come in time or not.
    stored: async () => (isKnown ? inWords(await isOut()) : "out or not; repeating it works"),
    async verify({ answer }) {
      if (answer?.status !== 200) assert.equal((await signOut()).status, 200, "repeated in vain");
      assert.ok(await isOut(), "acknowledged, and not done");
    },
  };
}

function inWords(isOut: boolean): string {
  return isOut ? "the tenant is out" : "the tenant is not out";
}

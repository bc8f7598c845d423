import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { successionKeyOf } from "../../../../shared/account/succession.ts";
import { accountDocument } from "../../../support/store.ts";
import { assertCookieOpens, assertDeferred, outcomeOf, type Journey, type Outcome, type Scene } from "../scene.ts";
import type { SeedOptions, Seeded, Stage } from "../stage.ts";
import { accountInWords } from "../words.ts";

const readAccount = { kind: "read", container: "accounts" } as const;
const replaceAccount = { kind: "replace", container: "accounts" } as const;

/** What a signed-in browser asks for, without ending anything. */
export const calls: readonly Journey[] = [
  {
    title: "Calling an API",
    what: "`/api/graph/me`, with an access token that is still valid: one read. `/auth/me` and `/auth/sessions` make the same read.",
    operations: [readAccount],
    setUp: (stage) => calling(stage, {}),
  },
  {
    title: "Listing the sessions",
    what: "`GET /auth/sessions`.",
    operations: [readAccount],
    setUp: (stage) => asking(stage, "/auth/sessions"),
  },
  {
    title: "Calling an API, the idle lifetime is extended",
    what: "As above, after a good part of the idle time. The call does not depend on the extension.",
    operations: [readAccount, replaceAccount],
    setUp: (stage) => calling(stage, { idleMinutes: 30 }),
  },
  {
    title: "Calling an API, the token is renewed",
    what: "The access token has expired. The app uses new tokens only after it has stored them.",
    operations: [readAccount, replaceAccount],
    setUp: (stage) => calling(stage, { tokens: "stale" }),
  },
  {
    title: "Calling an API, the renewal is refused",
    what: "The token endpoint refuses the renewal for good: the session ends, but first the app asks the store whether another instance has newer tokens.",
    operations: [
      { ...readAccount, of: "second look", skip: 1 },
      { kind: "delete", container: "accounts" },
    ],
    setUp: (stage) => calling(stage, { tokens: "refused" }),
  },
  {
    title: "Asking with a cookie that opens nothing",
    what: "The app also asks the index whether the same browser has just signed in with another account.",
    operations: [
      { ...readAccount, findsNothing: true },
      { kind: "read", container: "sids", findsNothing: true },
    ],
    setUp: signedOut,
  },
];

async function signedOut(stage: Stage): Promise<Scene> {
  const { client, accountKey, sessionKey } = await stage.seed();
  await stage.world.accounts.item(accountKey, accountKey).delete();
  return {
    accountKey,
    idOf: ({ container }) => (container === "sids" ? successionKeyOf(sessionKey) : accountKey),
    act: async () => outcomeOf(await client.fetch("/auth/me")),
    stored: () => accountInWords(stage.world, accountKey, {}),
    verify: () => assertCookieOpens(client, false),
  };
}

async function calling(stage: Stage, options: SeedOptions): Promise<Scene> {
  const call = randomUUID();
  const { requests } = stage.world.downstreamApi;
  const scene = await asking(stage, `/api/graph/me?call=${call}`, options);
  return {
    ...scene,
    async verify(outcome) {
      const heard = requests.filter(({ path }) => path.endsWith(call)).length;
      assert.equal(heard, outcome.answer?.status === 200 ? 1 : 0, "calls that reached the API");
      await scene.verify(outcome);
    },
  };
}

async function asking(stage: Stage, path: string, options: SeedOptions = {}): Promise<Scene> {
  const own = await stage.seed(options);
  const { client, accountKey } = own;
  return {
    accountKey,
    idOf: () => accountKey,
    act: async () => outcomeOf(await client.fetch(path)),
    stored: () => accountInWords(stage.world, accountKey, { own }),
    verify: (outcome) => verifyKept(stage, own, outcome),
  };
}

/** The session is kept, or it is over and the caller was told so. */
async function verifyKept(stage: Stage, own: Seeded, outcome: Outcome): Promise<void> {
  const isStored = (await accountDocument(stage.world, own.accountKey)) !== undefined;
  // An answer that could not be given does not say that the session is over.
  if (outcome.answer?.status === 401) assert.ok(!isStored, "told that it is over, and it is not");
  assertDeferred(stage, [own.accountKey, own.sidKey], outcome);
  await assertCookieOpens(own.client, isStored);
}
